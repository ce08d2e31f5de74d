import MqantRPC

extension ModuleContext {
    /// The session of a member of a roster, to send to it, move it to another group, or close it. It knows nothing of the
    /// session's user and settings before its `update()`.
    public func session(of member: Roster.Member) -> Session {
        Session(SessionState(id: member.session, gate: member.gate), node: node)
    }
}
