import Logging

/// Says what is wrong once, and again only when something else is: attempts come twice a second.
struct Complaint {
    let text: Logger.Message
    let logger: Logger
    private var last: String?

    init(text: Logger.Message, logger: Logger) {
        self.text = text
        self.logger = logger
    }

    mutating func make(_ reason: String, _ uris: String) {
        guard reason != last else { return }
        last = reason
        logger.warning(text, metadata: ["uri": "\(uris)", "reason": "\(reason)"])
    }
}
