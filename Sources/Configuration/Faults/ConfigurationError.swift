/// Everything that is wrong with a configuration, at once.
///
/// Its description prints one fault per line, in the order of the file, as `file:line:column: Key.Path: text`, and where
/// there are several a last line that counts them. It never holds a password.
public struct ConfigurationError: Error, Sendable, Hashable {
    /// One thing that is wrong, and where.
    public struct Fault: Sendable, Hashable {
        /// The file as it was named, or the option (`--host`) at fault.
        public let file: String

        /// Where in the file; nil where the file as a whole is at fault.
        public let position: ConfigurationPosition?

        /// The key at fault, such as `Module.Chat[1].Id`; empty for the whole file.
        public let keyPath: String

        /// What is wrong, and where it can be said, what to do.
        public let message: String

        /// Makes a fault.
        public init(file: String, position: ConfigurationPosition? = nil, keyPath: String = "", message: String) {
            self.file = file
            self.position = position
            self.keyPath = keyPath
            self.message = message
        }
    }

    /// The faults, in the order of the file.
    public let faults: [Fault]

    /// Makes an error of faults, which it puts in the order of the file.
    public init(faults: [Fault]) {
        // The sort is stable, so that faults of one place stay as they were found.
        self.faults = faults.sorted { ($0.file, $0.sortKey) < ($1.file, $1.sortKey) }
    }

    /// An error of one fault.
    package init(_ fault: Fault) {
        self.init(faults: [fault])
    }
}

extension ConfigurationError: CustomStringConvertible {
    /// One fault per line, then the count of several.
    public var description: String {
        let lines = faults.map(\.description)
        return (lines.count == 1 ? lines : lines + ["\(lines.count) faults"]).joined(separator: "\n")
    }
}

extension ConfigurationError.Fault: CustomStringConvertible {
    /// `file:line:column: Key.Path: text`; what is not known is left out.
    public var description: String {
        var text = file
        if let position { text += ":\(position.line):\(position.column)" }
        text += ": "
        if !keyPath.isEmpty { text += "\(keyPath): " }
        return text + message
    }

    fileprivate var sortKey: ConfigurationPosition {
        position ?? ConfigurationPosition(line: 0, column: 0)
    }
}
