import Mqant
import MqantMQTT
import NIOCore

/// The session of a client that was let in: what modules know of it, its user, its groups, and its requests.
///
/// `@unchecked Sendable`: everything is touched on `eventLoop` only, but for the constants.
final class ClientSession: @unchecked Sendable {
    let id: SessionID
    /// The client's own name for itself, in one spelling; empty if it gave none.
    let clientID: String
    let connection: ClientConnection
    let shard: Shard
    let services: GateServices
    /// What the pushes that its requests caused cost the Gate.
    let account = WorkAccount()
    /// The state, lent to every request.
    private(set) var box: SessionBox
    private var memberships = Memberships()
    private var binding = UserBinding()
    /// Its requests that are not answered.
    var requests = RequestLine()

    init(clientID: String, connection: ClientConnection) {
        id = SessionID()
        self.clientID = clientID
        self.connection = connection
        shard = connection.shard
        services = connection.services
        box = SessionBox(SessionState(id: id, gate: services.context.instance))
    }

    var eventLoop: any EventLoop { shard.eventLoop }

    /// True once its connection has ended.
    var isClosed: Bool { connection.isClosed }

    /// The connection has ended: gives back what the session had.
    func end() {
        shard.requestShare.giveBack(requests.removeAll())
        endBinding()
        for membership in memberships.removeAll() { didEnd(membership) }
        services.sessions.remove(self)
    }

    // MARK: State

    /// Changes the session's state; requests that are sent from now on carry the new one.
    func update(_ change: (inout SessionState) -> Void) throws(RPCError) -> SessionState {
        adopt(try changed(change))
    }

    /// The session's state with a change that is not made yet.
    /// - Throws: `RPCError`, `tooLarge` if the session grows beyond what a request can carry. What does not grow is never
    ///   refused.
    private func changed(_ change: (inout SessionState) -> Void) throws(RPCError) -> SessionState {
        guard !isClosed else { throw .noSession }
        var state = box.state
        change(&state)
        guard state != box.state else { return state }
        if let limit = services.context.node.maximumSessionSize, case let size = state.wireSize, size > limit,
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
    private func adopt(_ state: SessionState) -> SessionState {
        if state != box.state { box = SessionBox(state) }
        return state
    }

    // MARK: Groups

    /// Whether the session may join; true if it is no member yet.
    func mayJoin(_ group: GroupName) throws(RPCError) -> Bool {
        guard !isClosed else { throw .noSession }
        guard group.userID == nil else {
            throw RPCError(.invalidArguments, "\(group) is a user's group, which only bind joins")
        }
        guard !memberships.contains(group) else { return false }
        guard box.state.groups.count < services.settings.maximumGroups else {
            throw RPCError(.remote, "a session may be in \(services.settings.maximumGroups) groups at most")
        }
        _ = try changed { $0.groups.insert(group) }
        return true
    }

    /// Makes the session a member of a group that the Gate is subscribed to.
    func join(_ hold: GroupHold, _ presence: Presence?) throws(RPCError) -> MembershipChange {
        let group = hold.group
        guard try mayJoin(group) else {
            return MembershipChange(changed: false, session: try update { _ in })
        }
        // Refused before anything is done.
        let state = try changed { $0.groups.insert(group) }
        let index = shard.members.add(connection, to: group)
        let audience = presence.map { shard.presences.begin($0, group, id) } ?? PresenceReporter.Audience()
        memberships.add(hold, at: index, presence: presence, audience: audience)
        return MembershipChange(changed: true, session: adopt(state))
    }

    func leave(_ group: GroupName) throws(RPCError) -> MembershipChange {
        guard !isClosed else { throw .noSession }
        guard group.userID == nil, endMembership(of: group) else {
            return MembershipChange(changed: false, session: try update { _ in })
        }
        return MembershipChange(changed: true, session: try update { $0.groups.remove(group) })
    }

    func isMember(of group: GroupName) -> Bool { memberships.contains(group) }

    /// How a roster knows the session as a member of a group; nil: it does not.
    func reportedMember(of group: GroupName) -> GroupMember? {
        memberships.presence(in: group).map { GroupMember(session: id, key: $0.key, name: $0.name) }
    }

    /// Another member left, and the session took its place.
    func memberMoved(to index: Int, in group: GroupName) { memberships.moved(to: index, in: group) }

    /// Tells those who must know now of the session's memberships.
    /// - Parameter all: tells them whether they were told before or not.
    func renewPresences(all: Bool) { memberships.renew(of: id, by: shard.presences, all: all) }

    /// - Returns: false if there was none.
    private func endMembership(of group: GroupName) -> Bool {
        guard let membership = memberships.remove(group) else { return false }
        didEnd(membership)
        return true
    }

    private func didEnd(_ membership: Membership) {
        let group = membership.hold.group
        shard.removeMember(at: membership.index, of: group)
        if let presence = membership.presence { shard.presences.end(presence, group, id) }
    }

    // MARK: Its user

    /// What the wish to bind the session comes to.
    enum BindingStart: Sendable {
        case begun
        /// The session is the user's already.
        case done(SessionState)
        /// It is being bound by another call.
        case busy
    }

    func beginBinding(_ userID: String) throws(RPCError) -> BindingStart {
        guard !isClosed else { throw .noSession }
        guard !binding.isBusy else { return .busy }
        if box.state.userID.hasSameBytes(as: userID) { return .done(box.state) }
        _ = try changed { $0.userID = userID }
        _ = try unbind()
        binding.begin(.user(userID))
        return .begun
    }

    /// Has a call wait until the session is not being bound any more.
    func waitForBinding(_ waiter: CheckedContinuation<Void, Never>) {
        if binding.isBusy { binding.wait(waiter) } else { waiter.resume() }
    }

    /// The session is not being bound any more.
    func endBinding() {
        for waiter in binding.end() { waiter.resume() }
    }

    /// The Gate is subscribed to the group, and the user claimed.
    func finishBinding(_ userID: String, _ hold: GroupHold) throws(RPCError) -> SessionState {
        guard !isClosed else { throw .noSession }
        let state = try changed { $0.userID = userID }
        endBinding()
        memberships.add(hold, at: shard.members.add(connection, to: hold.group))
        return adopt(state)
    }

    func unbind() throws(RPCError) -> SessionState {
        guard !isClosed else { throw .noSession }
        let userID = box.state.userID
        guard !userID.isEmpty else { return box.state }
        _ = endMembership(of: .user(userID))
        return try update { $0.userID = "" }
    }

    /// Tells the client that another session is its user's now, and ends the connection.
    func kick(from group: GroupName) {
        // It may have left that user meanwhile.
        guard !isClosed, binding.group == group || memberships.contains(group) else { return }
        let body = ByteBuffer(string: #"{"reason":"the user logged in elsewhere"}"#)
        if let topic = try? TopicName(Disconnection.clientTopic) {
            try? send(topic: topic, payload: body, qos: .atMostOnce)
        }
        connection.close(.kicked)
    }

    // MARK: Output

    func send(topic: TopicName, payload: ByteBuffer, qos: QoS) throws(RPCError) {
        guard !isClosed else { throw .noSession }
        do throws(MQTTError) {
            try connection.push(topic: topic, payload: payload, qos: qos)
        } catch {
            switch error.code {
            case .notConnected:
                throw .noSession
            case .queueFull:
                connection.close(.stalled)
                throw RPCError(.overloaded, "the client does not acknowledge what it is sent")
            default:
                throw RPCError(.tooLarge, error.message, outcome: .answered, underlyingError: error)
            }
        }
    }
}

extension RPCError {
    /// mqant's text, its spelling mended.
    static let noSession = RPCError(.remote, "No Session found")
}
