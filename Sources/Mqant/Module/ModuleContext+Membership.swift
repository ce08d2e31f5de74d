public import MqantRPC

extension ModuleContext {
    /// What happens to the other nodes of the cluster and to their instances, until the node shuts down.
    ///
    ///     for await event in context.membership {
    ///         if event.kind == .died { context.logger.warning("lost \(event.node) on \(event.host)") }
    ///     }
    ///
    /// Each reader has a sequence of its own. It begins with all nodes and instances that are there, as `joined` and `served`.
    /// All readers of a node see one order. A reader that falls more than 1024 events behind loses the oldest of them.
    public var membership: AsyncStream<MembershipEvent> { node.membershipEvents() }
}
