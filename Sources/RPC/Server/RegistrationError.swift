/// Why an instance cannot register a function, or report a number, under a name.
public struct RegistrationError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The name as it was given.
    public let name: String
    /// The module type of the instance.
    public let type: ModuleType
    /// Text for a person.
    public let message: String

    /// One line that names the function.
    public var description: String { message }
}

extension RegistrationError {
    /// The longest name, in bytes of UTF-8: AMQP carries it as a short string.
    private static let maximumByteCount = 255
    /// A longer name is cut in the text.
    private static let shownByteCount = 64

    /// Checks a name that a module has chosen.
    ///
    /// - Parameter what: what it is the name of, for people.
    static func check(_ name: String, of what: String, for type: ModuleType) throws(RegistrationError) {
        guard !name.isEmpty else {
            throw RegistrationError(name: name, type: type, message: "a \(what) has an empty name")
        }
        let count = name.utf8.count
        guard count <= maximumByteCount else {
            let message = "the name of \(what) \(shown(name)) has \(count) bytes, more than \(maximumByteCount)"
            throw RegistrationError(name: name, type: type, message: message)
        }
        guard !name.hasBytePrefix("$") else {
            let message = "the name of \(what) \(shown(name)) begins with $: such names are the framework's"
            throw RegistrationError(name: name, type: type, message: message)
        }
    }

    /// The error for a name that is used already.
    static func taken(_ name: String, of what: String, for type: ModuleType) -> RegistrationError {
        RegistrationError(name: name, type: type, message: "\(what) \(shown(name)) is registered twice")
    }

    private static func shown(_ name: String) -> String {
        guard name.utf8.count > shownByteCount else { return name }
        return String(decoding: name.utf8.prefix(shownByteCount), as: UTF8.self) + "…"
    }
}
