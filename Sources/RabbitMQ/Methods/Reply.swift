/// What came back for a `Request`.
enum Reply: Sendable {
    case done
    case channel(ChannelID)
    case queue(QueueStatus)
    case consumer(tag: String)
    /// Messages that were in a deleted or purged queue.
    case messageCount(UInt32)
}
