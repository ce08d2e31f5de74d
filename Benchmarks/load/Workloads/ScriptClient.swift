/// How far a client is in its script.
struct ScriptClient {
    enum State {
        /// Does the next step when its timer fires.
        case pausing
        /// Waits for its turn to connect.
        case queueing
        case connecting
        case subscribing
        case waitingForAnswer(UInt64)
        case waitingForPush(topic: [UInt8], text: [UInt8])
        case done
    }

    struct Push {
        var topic: [UInt8]
        var payload: [UInt8]

        func matches(_ topic: [UInt8], _ text: [UInt8]) -> Bool {
            guard self.topic == topic else { return false }
            return payload.withUnsafeBytes { Answer(expected: text).isRight($0) }
        }
    }

    static let mostPushes = 64

    var state = State.pausing
    /// The step that it does, or does next.
    var position = 0
    /// How often each repeat that it is in has yet to be done; nil: without end.
    var repeats: [Int?] = []
    /// When the present step began.
    var began: UInt64 = 0
    var wait: UInt64 = 0
    var requests: UInt64 = 0
    /// Pushes that came before somebody waited for them.
    var pushes: [Push] = []

    /// Takes the first push that matches.
    mutating func takePush(_ topic: [UInt8], _ text: [UInt8]) -> Bool {
        guard let index = pushes.firstIndex(where: { $0.matches(topic, text) }) else { return false }
        pushes.remove(at: index)
        return true
    }
}
