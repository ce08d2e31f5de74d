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
    private var connections = TimeoutWheel<ClientConnection>()
    var members = GroupMembers<ClientConnection>()
    private var unflushed: [ClientConnection] = []
    private var isFlushScheduled = false
    private var held = HeldOutput<ClientConnection>()
    private var isHeldFlushScheduled = false
    private var sweeper: RepeatedTask?
    /// The time of this turn of the loop, and what waits for the next.
    let loopTurn = LoopTurn()
    var turn: TurnBudget {
        _read { yield loopTurn.budget }
        _modify { yield &loopTurn.budget }
    }
    var backlog = Backlog<ClientConnection>()
    var postponedPushes: (() -> Void)?
    var fanOut: FanOut?
    var isTurnScheduled = false
    /// Whose request is being sent: what is pushed meanwhile is pushed because of it.
    var sender: ClientSession?
    /// Routes are shared, since all clients use the same few.
    var topics = RequestTopicReader()
    var requestCopies = RequestCopies()
    /// Memory for output, that one connection after the other uses.
    var spareOutput = ByteBuffer()
    /// Reports the memberships of these connections' sessions.
    let presences: PresenceReporter

    /// Pushes caused by one session that the Gate's loops may have to write still while its requests go on.
    let pendingPushes: Int

    /// What this loop has of the Gate's bounds on input that is not taken in yet, and on requests.
    var inputShare: ByteShare
    var requestShare: ByteShare

    /// - Parameter loops: how many event loops the Gate has.
    init(
        eventLoop: any EventLoop, loops: Int, context: ModuleContext, inputBound: ByteBound, requestBound: ByteBound
    ) {
        self.eventLoop = eventLoop
        pendingPushes = Self.pendingPushesOfLoop * loops
        inputShare = ByteShare(of: inputBound)
        requestShare = ByteShare(of: requestBound)
        presences = PresenceReporter(node: context.node, gate: context.instance, eventLoop: eventLoop)
    }

    /// The same for each loop.
    private static let pendingPushesOfLoop = 2
    /// How often those connections are looked at that may be silent or stalled.
    static let sweepInterval = TimeAmount.milliseconds(500)

    func add(_ connection: ClientConnection) {
        eventLoop.preconditionInEventLoop()
        connections.add(connection, in: 1)
        guard sweeper == nil else { return }
        sweeper = eventLoop.scheduleRepeatedTask(
            initialDelay: Self.sweepInterval, delay: Self.sweepInterval
        ) { [weak self] _ in self?.sweep() }
    }

    func remove(_ connection: ClientConnection) {
        eventLoop.preconditionInEventLoop()
        connections.remove(connection)
        if connections.isEmpty {
            sweeper?.cancel()
            sweeper = nil
            unflushed = []
            if let push = fanOut?.push { push.cause?.ended() }
            fanOut = nil
        }
    }

    /// Has a connection looked at at the next sweep.
    func checkSoon(_ connection: ClientConnection) {
        eventLoop.assertInEventLoop()
        connections.add(connection, in: 1)
    }

    /// Removes the member at a place of a group.
    func removeMember(at index: Int, of group: GroupName) {
        eventLoop.preconditionInEventLoop()
        members.remove(at: index, of: group)?.session?.memberMoved(to: index, in: group)
    }

    /// The members of a group that are known to a roster.
    func reportedMembers(of group: GroupName) -> [GroupMember] {
        eventLoop.preconditionInEventLoop()
        return (members[group] ?? []).compactMap { $0.session?.reportedMember(of: group) }
    }

    /// Reports memberships to whom they were not told before: other instances may own their keys now.
    /// - Parameter all: reports all of them.
    func renewPresences(all: Bool) {
        eventLoop.preconditionInEventLoop()
        let isAnotherIncarnation = presences.update()
        for connection in connections.all { connection.session?.renewPresences(all: all || isAnotherIncarnation) }
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
        members.removeAll()
        for connection in connections.all { connection.close(.serverShutdown) }
    }

    /// Closes each connection once what its client asked is answered.
    func finishAll() {
        eventLoop.preconditionInEventLoop()
        for connection in connections.all { connection.finish() }
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
            let holders = connections.all.lazy.filter { $0.held.counted > 0 }
            let victim = holders.min { $0.held.speed(now) < $1.held.speed(now) } ?? connection
            victim.close(.tooMuchInput)
            if victim === connection { return false }
        }
        return true
    }

    private func sweep() {
        let now = NIODeadline.now()
        for connection in connections.tick() {
            guard let time = connection.checkTimeouts(now: now) else { continue }
            let ticks = (time.nanoseconds + Self.sweepInterval.nanoseconds - 1) / Self.sweepInterval.nanoseconds
            connections.add(connection, in: Int(clamping: ticks))
        }
    }
}
