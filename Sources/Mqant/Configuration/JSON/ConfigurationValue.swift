/// A value of a configuration file, with the place where it stands.
struct ConfigurationValue: Sendable {
    /// A key and its value.
    struct Member: Sendable {
        let key: String
        /// The byte at which the key begins.
        let keyOffset: Int
        var value: ConfigurationValue
    }

    enum Content: Sendable {
        case null
        case bool(Bool)
        /// As written: JSON's grammar, any size.
        case number(String)
        case string(ConfigurationText)
        case array([ConfigurationValue])
        /// In the order of the file; no key twice.
        case object([Member])
    }

    var content: Content

    /// The byte of the file at which the value begins.
    let offset: Int

    /// How faults speak of the value: by its kind, never by its content.
    var kind: String {
        switch content {
        case .null: "null"
        case .bool(let value): value ? "true" : "false"
        case .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }

    var isNull: Bool {
        if case .null = content { true } else { false }
    }

    var isObject: Bool {
        if case .object = content { true } else { false }
    }

    /// Whether anything in it came from the environment, and so must not be shown.
    var isFromEnvironment: Bool {
        switch content {
        case .null, .bool, .number: false
        case .string(let text): text.isFromEnvironment
        case .array(let elements): elements.contains(where: \.isFromEnvironment)
        case .object(let members): members.contains { $0.value.isFromEnvironment }
        }
    }

    subscript(key: String) -> ConfigurationValue? {
        guard case .object(let members) = content else { return nil }
        return members.first { $0.key == key }?.value
    }

    subscript(index: Int) -> ConfigurationValue? {
        guard case .array(let elements) = content, elements.indices.contains(index) else { return nil }
        return elements[index]
    }
}
