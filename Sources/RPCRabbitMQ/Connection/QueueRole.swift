import MqantRPC

/// What a consumer of this node is for.
enum QueueRole: Sendable {
    case replies
    case announcements
    /// Requests to an instance; `queue` is what the node knows it by.
    case requests(ServedInstance, queue: QueueName)
}
