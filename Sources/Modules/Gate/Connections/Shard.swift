import Logging
import Mqant
import MqantMQTT
import NIOCore

/// The connections of one event loop, and who of them is in which group.
///
/// `@unchecked Sendable`: everything but `eventLoop` is touched on `eventLoop` only; every function checks that, those that
/// each request calls in debug builds only.
final class Shard: @unchecked Sendable {
    let eventLoop: any EventLoop
    private var connections: [ClientConnection] = []
    private(set) var groups: [GroupName: [ClientConnection]] = [:]
    private var unflushed: [ClientConnection] = []
    private var isFlushScheduled = false
    private var held = HeldOutput()
    private var isHeldFlushScheduled = false
    private var sweeper: RepeatedTask?
    /// The time of this turn of the loop, and what waits for the next.
    let loopTurn = LoopTurn()
    var turn: TurnBudget {
        _read { yield loopTurn.budget }
        _modify { yield &loopTurn.budget }
    }
    var backlog = Backlog()
    var postponedPushes: (() -> Void)?
    var fanOut: FanOut?
    var isTurnScheduled = false
    /// Whose request is being sent: what is pushed meanwhile is pushed because of it.
    var sender: ClientConnection?
    /// Routes are shared, since all clients use the same few.
    var topics = RequestTopicReader()
    /// Reports the memberships of these connections' sessions.
    let presences: PresenceReporter

    /// What this loop has of the Gate's bounds on input that is not taken in yet, and on requests.
    var inputShare: ByteShare
    var requestShare: ByteShare

    init(eventLoop: any EventLoop, context: ModuleContext, inputBound: ByteBound, requestBound: ByteBound) {
        self.eventLoop = eventLoop
        inputShare = ByteShare(of: inputBound)
        requestShare = ByteShare(of: requestBound)
        presences = PresenceReporter(node: context.node, gate: context.instance, eventLoop: eventLoop)
    }

    /// How often connections are looked at for silence and stalls.
    private static let sweepInterval = TimeAmount.milliseconds(500)

    func add(_ connection: ClientConnection) {
        eventLoop.preconditionInEventLoop()
        connection.shardIndex = connections.count
        connections.append(connection)
        guard sweeper == nil else { return }
        sweeper = eventLoop.scheduleRepeatedTask(
            initialDelay: Self.sweepInterval, delay: Self.sweepInterval
        ) { [weak self] _ in self?.sweep() }
    }

    func remove(_ connection: ClientConnection) {
        eventLoop.preconditionInEventLoop()
        let index = connection.shardIndex
        guard connections.indices.contains(index), connections[index] === connection else { return }
        let last = connections.removeLast()
        if last !== connection {
            connections[index] = last
            last.shardIndex = index
        }
        if connections.isEmpty {
            sweeper?.cancel()
            sweeper = nil
            connections = []
            unflushed = []
            if let push = fanOut?.push { push.cause?.ended() }
            fanOut = nil
        }
    }

    /// Adds a member at the end of a group.
    /// - Returns: its place, for `removeMember`.
    func addMember(_ connection: ClientConnection, to group: GroupName) -> Int {
        eventLoop.preconditionInEventLoop()
        let index = groups[group]?.count ?? 0
        groups[group, default: []].append(connection)
        return index
    }

    /// Removes the member at a place; the last one takes that place.
    func removeMember(at index: Int, of group: GroupName) {
        eventLoop.preconditionInEventLoop()
        guard let last = groups[group]?.popLast() else { return }
        if let count = groups[group]?.count, index < count {
            groups[group]?[index] = last
            last.memberMoved(to: index, in: group)
        }
        if groups[group]?.isEmpty == true { groups[group] = nil }
    }

    /// The members of a group that are known to a roster.
    func reportedMembers(of group: GroupName) -> [GroupMember] {
        eventLoop.preconditionInEventLoop()
        return (groups[group] ?? []).compactMap { member in
            guard let session = member.box?.state.id, let presence = member.memberships[group]?.presence else {
                return nil
            }
            return GroupMember(session: session, key: presence.key, name: presence.name)
        }
    }

    /// Reports memberships to whom they were not told before: other instances may own their keys now.
    /// - Parameter all: reports all of them.
    func renewPresences(all: Bool) {
        eventLoop.preconditionInEventLoop()
        let isAnotherIncarnation = presences.update()
        for connection in connections { connection.renewPresences(all: all || isAnotherIncarnation) }
    }

    /// Has a connection's output flushed at the end of this turn of the loop, together with what comes till then.
    func flushLater(_ connection: ClientConnection) {
        eventLoop.assertInEventLoop()
        unflushed.append(connection)
        guard !isFlushScheduled else { return }
        isFlushScheduled = true
        eventLoop.execute { [self] in
            isFlushScheduled = false
            let connections = unflushed
            unflushed.removeAll(keepingCapacity: true)
            for connection in connections { connection.flush() }
        }
    }

    /// Has a connection's output flushed when its limit comes, if nothing else has it flushed before.
    func flush(_ connection: ClientConnection, heldUntil limit: NIODeadline) {
        eventLoop.assertInEventLoop()
        held.append(connection, until: limit)
        scheduleHeldFlush()
    }

    private func scheduleHeldFlush() {
        guard !isHeldFlushScheduled, let time = held.next else { return }
        isHeldFlushScheduled = true
        eventLoop.scheduleTask(deadline: time) { [self] in
            let now = NIODeadline.now()
            // One by one: a write that fails has NIO read what is left there, which may be a request to be acknowledged.
            while let connection = held.popDue(now) { connection.flush() }
            isHeldFlushScheduled = false
            scheduleHeldFlush()
        }
    }

    /// Closes all connections; nobody on this loop hears of the others' leaving.
    func closeAll() {
        eventLoop.preconditionInEventLoop()
        groups = [:]
        for connection in connections { connection.close(.serverShutdown) }
    }

    /// Closes each connection once what its client asked is answered.
    func finishAll() {
        eventLoop.preconditionInEventLoop()
        for connection in connections { connection.finish() }
    }

    /// How many connections there are.
    var count: Int {
        eventLoop.preconditionInEventLoop()
        return connections.count
    }

    /// Takes bytes of the Gate's bound on input. Where there are none left, the client whose packet comes most slowly
    /// is cut off: it holds them longest.
    /// - Returns: false if that is the one that they are for.
    func takeInput(_ bytes: Int, for connection: ClientConnection) -> Bool {
        while !inputShare.take(bytes) {
            let now = NIODeadline.now()
            let holders = connections.lazy.filter { $0.held.counted > 0 }
            let victim = holders.min { $0.held.speed(now) < $1.held.speed(now) } ?? connection
            victim.close(.tooMuchInput)
            if victim === connection { return false }
        }
        return true
    }

    private func sweep() {
        let now = NIODeadline.now()
        for connection in connections { connection.checkTimeouts(now: now) }
    }
}
