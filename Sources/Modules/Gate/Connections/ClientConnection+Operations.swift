import Mqant
import MqantMQTT
import NIOCore

/// What modules do to a session. On the connection's event loop.
extension ClientConnection {
    /// Changes the session's state; requests that are sent from now on carry the new one.
    func update(_ change: (inout SessionState) -> Void) throws(RPCError) -> SessionState {
        adopt(try changed(change))
    }

    /// The session's state with a change that is not made yet.
    /// - Throws: `RPCError`, `tooLarge` if the session grows beyond what a request can carry. What does not grow is never
    ///   refused.
    func changed(_ change: (inout SessionState) -> Void) throws(RPCError) -> SessionState {
        guard !isClosed, let box else { throw .noSession }
        var state = box.state
        change(&state)
        guard state != box.state else { return state }
        if let limit = gate.context.node.maximumSessionSize, case let size = state.wireSize, size > limit,
            size > box.state.wireSize
        {
            throw RPCError(
                .tooLarge, "too large: the session would have \(size) bytes, and a request carries \(limit)",
                outcome: .answered)
        }
        state.version += 1
        return state
    }

    /// Makes a change that `changed` has prepared, in the same turn.
    @discardableResult
    func adopt(_ state: SessionState) -> SessionState {
        if state != box?.state { box = SessionBox(state) }
        return state
    }

    func send(topic: TopicName, payload: ByteBuffer, qos: QoS) throws(RPCError) {
        guard !isClosed, mqtt.isConnected else { throw .noSession }
        do throws(MQTTError) {
            try write { output throws(MQTTError) in
                try mqtt.push(topic: topic, payload: payload, qos: qos, into: &output)
            }
        } catch {
            guard error.code == .queueFull else {
                throw RPCError(.tooLarge, error.message, outcome: .answered, underlyingError: error)
            }
            close(.stalled)
            throw RPCError(.overloaded, "the client does not acknowledge what it is sent")
        }
    }

    // MARK: Groups

    /// Whether the session may join; true if it is no member yet.
    func mayJoin(_ group: GroupName) throws(RPCError) -> Bool {
        guard !isClosed, box != nil else { throw .noSession }
        guard group.userID == nil else {
            throw RPCError(.invalidArguments, "\(group) is a user's group, which only bind joins")
        }
        guard memberships[group] == nil else { return false }
        let count = box?.state.groups.count ?? 0
        guard count < gate.configuration.maximumGroups else {
            throw RPCError(.remote, "a session may be in \(gate.configuration.maximumGroups) groups at most")
        }
        _ = try changed { $0.groups.insert(group) }
        return true
    }

    /// Makes the session a member of a group that the Gate is bound to.
    func join(_ hold: GroupHold, _ presence: Presence?) throws(RPCError) -> MembershipChange {
        let group = hold.group
        guard try mayJoin(group), let session = box?.state.id else {
            return MembershipChange(changed: false, session: try update { _ in })
        }
        // Refused before anything is done.
        let state = try changed { $0.groups.insert(group) }
        var membership = Membership(index: shard.addMember(self, to: group), presence: presence, hold: hold)
        if let presence { membership.audience = shard.presences.begin(presence, group, session) }
        memberships[group] = membership
        return MembershipChange(changed: true, session: adopt(state))
    }

    func leave(_ group: GroupName) throws(RPCError) -> MembershipChange {
        guard !isClosed, box != nil else { throw .noSession }
        guard group.userID == nil, endMembership(of: group) else {
            return MembershipChange(changed: false, session: try update { _ in })
        }
        return MembershipChange(changed: true, session: try update { $0.groups.remove(group) })
    }

    /// - Returns: false if there was none.
    @discardableResult
    func endMembership(of group: GroupName) -> Bool {
        guard let membership = memberships.removeValue(forKey: group) else { return false }
        shard.removeMember(at: membership.index, of: group)
        if let presence = membership.presence, let session = box?.state.id {
            shard.presences.end(presence, group, session)
        }
        return true
    }

    func memberMoved(to index: Int, in group: GroupName) {
        memberships[group]?.index = index
    }

    /// Ends all memberships with the connection.
    func leaveAllGroups() {
        for group in memberships.keys { endMembership(of: group) }
    }

    /// Tells who must know now of the session's memberships.
    /// - Parameter all: tells them whether they were told before or not.
    func renewPresences(all: Bool) {
        guard let session = box?.state.id else { return }
        for (group, membership) in memberships {
            guard let presence = membership.presence else { continue }
            let toldBefore = all ? PresenceReporter.Audience() : membership.audience
            memberships[group]?.audience = shard.presences.renew(presence, group, session, toldBefore: toldBefore)
        }
    }
}

extension RPCError {
    /// mqant's text, its spelling mended.
    static let noSession = RPCError(.remote, "No Session found")
}
