import MQTT
import Mqant
import NIOCore

/// What modules do to a session. On the connection's event loop.
extension ClientConnection {
    /// Changes the session's state; requests that are sent from now on carry the new one.
    func update(_ change: (inout SessionState) -> Void) throws(RPCError) -> SessionState {
        guard !isClosed, let box else { throw .noSession }
        var state = box.state
        change(&state)
        guard state != box.state else { return state }
        state.version += 1
        self.box = SessionBox(state)
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
        guard memberships[group] == nil else { return false }
        guard memberships.count < gate.configuration.maximumGroups else {
            throw RPCError(.remote, "a session may be in \(gate.configuration.maximumGroups) groups at most")
        }
        return true
    }

    /// Makes the session a member of a group that the Gate is bound to.
    func join(_ group: GroupName, _ farewell: Farewell?) throws(RPCError) -> MembershipChange {
        guard try mayJoin(group) else {
            gate.groups.release(group)
            return MembershipChange(changed: false, session: try update { _ in })
        }
        memberships[group] = Membership(index: shard.addMember(self, to: group), farewell: farewell)
        return MembershipChange(changed: true, session: try update { $0.groups.insert(group) })
    }

    func leave(_ group: GroupName) throws(RPCError) -> MembershipChange {
        guard !isClosed, box != nil else { throw .noSession }
        guard let membership = memberships.removeValue(forKey: group) else {
            return MembershipChange(changed: false, session: try update { _ in })
        }
        shard.removeMember(at: membership.index, of: group)
        gate.groups.release(group)
        return MembershipChange(changed: true, session: try update { $0.groups.remove(group) })
    }

    func memberMoved(to index: Int, in group: GroupName) {
        memberships[group]?.index = index
    }

    /// Ends all memberships with the connection, and says the farewells that were left with them.
    func leaveAllGroups() {
        let left = memberships
        memberships = [:]
        for (group, membership) in left {
            shard.removeMember(at: membership.index, of: group)
            gate.groups.release(group)
            guard let farewell = membership.farewell else { continue }
            var request = RPCRequest(
                function: farewell.function, payload: .json(ByteBuffer(string: farewell.arguments)))
            request.sessionBox = box
            // Fire and forget: if no instance lives, nobody is left to tell.
            try? gate.context.node.cast(.keyed(farewell.type, key: farewell.key), request)
        }
    }
}

extension RPCError {
    /// mqant's text, its spelling mended.
    static let noSession = RPCError(.remote, "No Session found")
}
