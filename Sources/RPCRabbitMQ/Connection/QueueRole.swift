import MqantRPC

/// What a consumer of this node is for.
enum QueueRole: Sendable {
    case replies
    case announcements
    /// Requests to an instance; `queue` is what the node knows it by.
    case requests(InstanceQueue, queue: QueueName)

    /// Whether its queue goes by this node's own will.
    var isClosing: Bool {
        switch self {
        case .replies, .announcements: false
        case .requests(let queue, _): queue.isClosing
        }
    }
}
