import Logging

/// Says what is wrong once, and again only when something else is: attempts come twice a second.
struct Complaint {
    /// More reasons than there are; then all may be said again.
    private static let memory = 100

    private let logger: Logger
    private var made: Set<String> = []
    /// Whether something was said since `isAnswerDue` was asked last.
    private var isOpen = false

    init(logger: Logger) { self.logger = logger }

    mutating func make(_ text: Logger.Message, _ reason: String, _ uris: String) {
        if made.count >= Self.memory { made = [] }
        guard made.insert("\(text) \(reason)").inserted else { return }
        isOpen = true
        logger.warning(text, metadata: ["uri": "\(uris)", "reason": "\(reason)"])
    }

    /// Whether somebody who read a complaint waits to read that all is well again.
    mutating func isAnswerDue() -> Bool {
        defer { isOpen = false }
        return isOpen
    }
}
