import NIOCore

/// All shards of a Gate.
extension [Shard] {
    /// The shard of an event loop; nil: it is not one of these.
    func of(_ eventLoop: any EventLoop) -> Shard? { first { $0.eventLoop === eventLoop } }

    /// The shard of the event loop that this code runs on; nil: it runs elsewhere.
    var current: Shard? { first { $0.eventLoop.inEventLoop } }
}
