import NIOCore
import Synchronization

/// Brings pushes to the owners of their groups: to an instance of this node, or to that of another one as a call.
final class PushRouter: Sendable {
    private let core: NodeCore
    private let groups: GroupService
    private let calls: CallDispatcher
    private let publisher: ViewPublisher
    private let announcer: Announcer

    init(
        _ core: NodeCore, _ groups: GroupService, _ calls: CallDispatcher, _ publisher: ViewPublisher,
        _ announcer: Announcer
    ) {
        self.core = core
        self.groups = groups
        self.calls = calls
        self.publisher = publisher
        self.announcer = announcer
    }

    /// Pushes to every member of a group. Fire and forget.
    func push(_ push: GroupPush) {
        if let owner = localOwner(of: push.group) { return self.push(push, as: owner, nil) }
        _ = calls.call(.ownerOf(push.group), push.request, timeout: Self.pushTime) { [core] reply in
            if case .failure = reply { core.statistics.countLostCast() }
        }
    }

    /// Pushes to every member of a group, and tells whether anybody is in it.
    func push(_ push: GroupPush, completion: @escaping GroupOwners.Pushed) {
        if let owner = localOwner(of: push.group) { return self.push(push, as: owner, completion) }
        _ = calls.call(.ownerOf(push.group), push.request, timeout: Self.pushTime) { reply in
            completion(PushOutcome.read(reply))
        }
    }

    /// How long a push may take to come to the owner of its group.
    private static var pushTime: TimeAmount { .seconds(10) }

    private func localOwner(of group: GroupName) -> InstanceID? {
        core.state.withLock { state in
            guard !state.router.isShutDown, !state.router.hasWaitingPushes, let owner = state.owner(of: group) else {
                return nil
            }
            return owner.isLocal ? owner.instance.id : nil
        }
    }

    private func push(_ push: GroupPush, as owner: InstanceID, _ completion: GroupOwners.Pushed?) {
        groups.push(push, as: owner, completion: completion)
        guard push.group.ownerType != nil, core.state.withLock({ $0.view.setOwnsGroups(owner) }) else { return }
        publisher.publish()
        announcer.announce()
    }

    // MARK: What comes from other nodes

    /// Takes in what nodes tell each other of groups.
    /// - Returns: false if the request is none of these.
    func receive(_ request: RPCRequest, for instance: InstanceID, completion: @escaping RPCServer.Completion) -> Bool {
        guard GroupPush.isPush(request) else {
            let isTaken = groups.receive(request, for: instance)
            // They are casts, but somebody else's request may ask for anything.
            if isTaken { completion(.success(.json(ByteBuffer(string: "null")))) }
            return isTaken
        }
        guard let push = GroupPush(request), push.group.isValid else {
            completion(.failure(RPCError(.invalidArguments, "a push has a group, a topic, and a QoS from 0 to 2")))
            return true
        }
        guard isOwner(instance, of: push.group) || request.headers[Self.forwardedHeader] != nil else {
            forward(request, push.group, completion)
            return true
        }
        self.push(push, as: instance) { outcome in
            completion(outcome.map { .json(ByteBuffer(string: $0 == .routed ? "true" : "false")) })
        }
        return true
    }

    /// Takes in a push that was sent to all nodes: the owner's own pushes it.
    func receiveFromEverywhere(_ request: RPCRequest) {
        guard GroupPush.isPush(request), let push = GroupPush(request), push.group.isValid,
            let owner = localOwner(of: push.group)
        else { return }
        self.push(push, as: owner, nil)
    }

    /// Marks a push that another instance has handed on: its receiver pushes it, whoever the owner may be by now.
    private static var forwardedHeader: String { "forwarded" }

    private func isOwner(_ instance: InstanceID, of group: GroupName) -> Bool {
        core.state.withLock { state in state.owner(of: group).map { $0.instance.id == instance } ?? true }
    }

    /// Hands a push on to the group's owner, for whoever sent it knew this instance only.
    private func forward(_ request: RPCRequest, _ group: GroupName, _ completion: @escaping RPCServer.Completion) {
        var forwarded = request
        forwarded.headers[Self.forwardedHeader] = "1"
        (forwarded.correlationID, forwarded.replyTo) = (nil, nil)
        let timeout = request.deadline.map { min(Self.pushTime, $0 - core.clock.now) } ?? Self.pushTime
        _ = calls.call(.ownerOf(group), forwarded, timeout: timeout, completion: completion)
    }
}

extension NodeCore.State {
    /// The instance that owns a group; nil: there is none.
    fileprivate func owner(of group: GroupName) -> ClusterView.Candidate? {
        try? view.route(.ownerOf(group), isFull: { _ in false })
    }
}

extension PushOutcome {
    /// An owner's answer to a push; nobody is in a group that has no owner.
    fileprivate static func read(_ reply: RPCReply) -> Result<PushOutcome, RPCError> {
        switch reply {
        case .success(let payload):
            .success(payload.buffer.readableBytesView.elementsEqual("true".utf8) ? .routed : .unroutable)
        case .failure(let error) where error.code == .notFound: .success(.unroutable)
        case .failure(let error): .failure(error)
        }
    }
}

extension GroupName {
    /// Whether this may be a group's name.
    var isValid: Bool { (1...Self.maximumByteCount).contains(rawValue.utf8.count) }
}
