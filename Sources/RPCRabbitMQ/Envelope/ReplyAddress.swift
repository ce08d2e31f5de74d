import MqantRPC

/// Where a reply goes, and what it echoes.
///
/// This implementation's correlation ids are numbers; other languages choose any text. A text that is not the very form
/// of a number here travels through the node inside the queue's name, behind a NUL, which no queue's name has.
struct ReplyAddress: Equatable {
    /// What the node knows the queue by.
    let name: QueueName
    let correlationID: CorrelationID

    private static let separator: Character = "\0"

    /// What came with a request.
    init(queue: String, correlationID text: String) {
        if let id = Self.number(text) {
            correlationID = id
            name = QueueName(queue)
        } else {
            correlationID = CorrelationID(rawValue: 0)
            name = QueueName("\(queue)\(Self.separator)\(text)")
        }
    }

    /// What the node answers to.
    init(name: QueueName, correlationID: CorrelationID) {
        self.name = name
        self.correlationID = correlationID
    }

    /// The queue's name on the broker.
    static func queue(of name: QueueName) -> String {
        let text = name.rawValue
        guard let end = text.utf8.firstIndex(of: 0) else { return text }
        return String(text[..<end])
    }

    /// What the reply echoes.
    var correlationText: String {
        let text = name.rawValue
        guard let end = text.utf8.firstIndex(of: 0) else { return correlationID.description }
        return String(text[text.utf8.index(after: end)...])
    }

    /// Lower-case hexadecimal digits without leading zeros: the form in which this implementation writes its own.
    private static func number(_ text: String) -> CorrelationID? {
        let digits = text.utf8
        guard (1...16).contains(digits.count), digits.first != UInt8(ascii: "0") || digits.count == 1,
            digits.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
        else { return nil }
        return CorrelationID(text)
    }
}
