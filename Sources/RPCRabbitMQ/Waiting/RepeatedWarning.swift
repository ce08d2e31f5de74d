import Logging

/// A warning about attempts that fail twice a second: it is logged once, and again only when the reason is another one.
struct RepeatedWarning {
    /// More reasons than there are. Then each may be logged again.
    private static let memory = 100

    private let logger: Logger
    private var logged: Set<String> = []
    /// Whether a warning was logged since `takeAllClear` was called last.
    private var isOpen = false

    init(logger: Logger) { self.logger = logger }

    /// - Parameter brokers: the URIs without their passwords.
    mutating func log(_ text: Logger.Message, _ reason: String, _ brokers: String) {
        if logged.count >= Self.memory { logged = [] }
        guard logged.insert("\(text) \(reason)").inserted else { return }
        isOpen = true
        logger.warning(text, metadata: ["uri": "\(brokers)", "reason": "\(reason)"])
    }

    /// Whether the reader of a warning is to read that all is well again.
    mutating func takeAllClear() -> Bool {
        defer { isOpen = false }
        return isOpen
    }
}
