/// Something in a configuration that is right, but worth knowing.
package struct ConfigurationNote: Sendable, Hashable, CustomStringConvertible {
    /// The key it is about; may be empty.
    package let keyPath: String

    /// What to know.
    package let message: String

    package init(keyPath: String, message: String) {
        self.keyPath = keyPath
        self.message = message
    }

    /// `Key.Path: text`.
    package var description: String {
        keyPath.isEmpty ? message : "\(keyPath): \(message)"
    }
}
