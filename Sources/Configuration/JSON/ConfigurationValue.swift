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

    /// A number as it is written, in the file or in the variable that stands for the whole value; nil for anything
    /// else.
    var number: String? {
        if case .number(let text)? = typed { text } else { nil }
    }

    /// True or false, in the file or in the variable that stands for the whole value; nil for anything else.
    var bool: Bool? {
        if case .bool(let flag)? = typed { flag } else { nil }
    }

    /// The content; of a variable that stands for the whole value what a file would mean by its text, nil if nothing.
    private var typed: Content? {
        guard case .string(let text) = content, text.wholeVariable != nil else { return content }
        guard let source = try? ConfigurationSource(bytes: Array(text.value.utf8), file: "") else { return nil }
        return try? ConfigurationParser.parse(source).content
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
