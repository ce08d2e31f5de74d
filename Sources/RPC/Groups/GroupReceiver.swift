/// What a Gate is told by the owners of groups. Called on any thread.
struct GroupReceiver: Sendable {
    /// A push to a group that the Gate subscribes to, in each group's order.
    var push: @Sendable (GroupPush) -> Void
    /// Another session has the user whom a session of the Gate had; it does not any more.
    var superseded: @Sendable (SessionID, GroupName) -> Void
}
