import MqantTesting
import NIOCore

@testable import MqantRPC

/// Nodes that meet at a broker, in virtual time: their tables decide, and this carries what they say, late by a seed.
///
/// It counts what a broker would: messages that nodes publish, and deliveries to their queues.
struct SimulatedCluster {
    /// What nodes tell each other, as docs/wire.md has it.
    enum Message {
        case announcement(Announcement)
        case question(from: Int)
        case proof(MembershipTable.Proof)
        case claim(MembershipTable.Claim)
        case probe(from: Int)
        case answer(from: Int)
        case probeOfItself
        case returned(QueueName)
    }

    private enum Event {
        case arrives(Message, at: Int)
        case tick(Int)
        case repeats(Int)
    }

    struct Node {
        var table: MembershipTable
        let id: NodeID
        var sequence: UInt64 = 1
        var goodbye = false
        /// Its process runs.
        var isAlive = true
        /// Its host can be reached.
        var isConnected = true
        var lastEcho: NIODeadline?
        /// Messages that it published, and deliveries that it got.
        var published = 0
        var delivered = 0
    }

    private(set) var nodes: [Node] = []
    private(set) var now = NIODeadline.uptimeNanoseconds(1 << 40)
    let timing = MembershipTiming()
    private var generator: SeededGenerator
    private var queue = EventQueue<Event>()
    private var indices: [QueueName: Int] = [:]

    /// A cluster at rest of so many nodes, which have known each other for long. Their names are random, as real ones.
    init(count: Int, seed: UInt64) {
        generator = SeededGenerator(seed: seed)
        var names: Set<String> = []
        while names.count < count { names.insert("node-" + String(generator.next(), radix: 16)) }
        var all = MembershipTable()
        for name in names.sorted().shuffled(using: &generator) {
            let node = Node(table: all, id: NodeID(name))
            _ = all.apply(announcement(of: node), now: now)
            indices[Self.replies(node.id)] = nodes.count
            nodes.append(node)
        }
        now = now + .seconds(60)
        for node in nodes { _ = all.answered(node.id, now: now) }
        for index in nodes.indices {
            nodes[index].table = all.seen(from: nodes[index].id)
            begin(index)
        }
    }

    private static func replies(_ node: NodeID) -> QueueName { QueueName("replies.\(node)") }

    private func announcement(of node: Node) -> Announcement {
        let instance = InstanceDescription(
            id: InstanceID("\(node.id):Chat"), type: "Chat", queue: QueueName("calls.\(node.id)"))
        var announcement = Announcement(
            node: node.id, host: "h", sequence: node.sequence, isGoodbye: node.goodbye,
            instances: node.goodbye ? [] : [instance])
        announcement.replies = Self.replies(node.id)
        return announcement
    }

    // MARK: What happens from outside

    /// Starts a node, which announces itself and asks who is there.
    /// - Parameter name: nil: a random one.
    @discardableResult
    mutating func join(_ name: String? = nil) -> Int {
        let id = NodeID(name ?? "node-" + String(generator.next(), radix: 16))
        nodes.append(Node(table: MembershipTable(own: id), id: id))
        let index = nodes.count - 1
        indices[Self.replies(id)] = index
        begin(index)
        announce(index)
        publish(.question(from: index), from: index)
        return index
    }

    /// Kills a node's process: its queues vanish, and it says nothing more.
    mutating func kill(_ index: Int) { nodes[index].isAlive = false }

    /// Cuts a node's host off, or joins it again: what others sent meanwhile is lost but for what waits in its queue, which is
    /// left out here: it is told again what matters.
    mutating func connect(_ index: Int, _ isConnected: Bool) { nodes[index].isConnected = isConnected }

    /// The node that comes next in the ring.
    func next(after index: Int) -> Int {
        let order = nodes.indices.filter { nodes[$0].isAlive }.sorted { nodes[$0].id < nodes[$1].id }
        let position = order.firstIndex(of: index) ?? 0
        return order[(position + 1) % order.count]
    }

    mutating func resetCounts() {
        for index in nodes.indices { (nodes[index].published, nodes[index].delivered) = (0, 0) }
    }

    /// Lets time pass.
    /// - Parameter isOver: looked at after every millisecond in which something happens; true: time stops.
    /// - Returns: how long it took.
    @discardableResult
    mutating func run(for time: TimeAmount, until isOver: (SimulatedCluster) -> Bool = { _ in false }) -> TimeAmount {
        let (start, end) = (now, now + time)
        var looked = now
        while let due = queue.nextDue, due <= end {
            if due - looked >= .milliseconds(10) {
                if isOver(self) { return now - start }
                looked = due
            }
            guard let event = queue.popFirst() else { break }
            now = max(now, due)
            handle(event)
        }
        now = end
        return now - start
    }

    // MARK: Nodes

    private mutating func begin(_ index: Int) {
        let phase = Int64.random(in: 0..<timing.probeInterval.nanoseconds, using: &generator)
        queue.add(.tick(index), due: now + .nanoseconds(phase))
        let pause = timing.repeatPause(nodes: nodes.count).nanoseconds
        queue.add(.repeats(index), due: now + .nanoseconds(Int64.random(in: 0..<pause, using: &generator)))
    }

    private mutating func handle(_ event: Event) {
        switch event {
        case .tick(let index):
            guard nodes[index].isAlive else { return }
            queue.add(.tick(index), due: now + timing.probeInterval)
            watch(index)
        case .repeats(let index):
            guard nodes[index].isAlive else { return }
            nodes[index].sequence += 1
            announce(index)
            let pause = timing.repeatPause(nodes: nodes[index].table.peers.count + 1).nanoseconds
            let next = Int64.random(in: pause / 4 * 3...pause / 4 * 5, using: &generator)
            queue.add(.repeats(index), due: now + .nanoseconds(next))
        case .arrives(let message, let index):
            guard nodes[index].isAlive, nodes[index].isConnected else { return }
            if case .returned = message {} else { nodes[index].delivered += 1 }
            receive(message, index)
        }
    }

    private mutating func watch(_ index: Int) {
        let hears = nodes[index].lastEcho.map { now - $0 < timing.deafness } ?? false
        send(.probeOfItself, from: index, to: index)
        let (queues, claims) = nodes[index].table.watch(isJudging: hears, now: now)
        for queue in queues { probe(queue, from: index) }
        for claim in claims { publish(.claim(claim), from: index) }
    }

    private mutating func receive(_ message: Message, _ index: Int) {
        switch message {
        case .announcement(let announcement): _ = nodes[index].table.apply(announcement, now: now)
        case .question(let asker): send(.announcement(announcement(of: nodes[index])), from: index, to: asker)
        case .proof(let proof): nodes[index].table.apply(proof, now: now)
        case .claim(let claim):
            guard claim.node == nodes[index].id else {
                _ = nodes[index].table.apply(claim)
                return
            }
            nodes[index].sequence += 1
            announce(index)
        case .probe(let prober): send(.answer(from: index), from: index, to: prober)
        case .answer(let peer):
            guard let (claim, _) = nodes[index].table.answered(nodes[peer].id, now: now) else { return }
            send(.claim(claim), from: index, to: peer)
        case .probeOfItself: nodes[index].lastEcho = now
        case .returned(let queue):
            guard let proof = nodes[index].table.proof(by: queue) else { return }
            nodes[index].table.apply(proof, now: now)
            publish(.proof(proof), from: index)
            watch(index)
        }
    }

    // MARK: The broker

    private mutating func announce(_ index: Int) { publish(.announcement(announcement(of: nodes[index])), from: index) }

    private mutating func publish(_ message: Message, from index: Int) {
        guard nodes[index].isConnected else { return }
        nodes[index].published += 1
        // The exchange copies to the sender too.
        nodes[index].delivered += 1
        for other in nodes.indices where other != index && nodes[other].isAlive { deliver(message, to: other) }
    }

    private mutating func send(_ message: Message, from index: Int, to other: Int) {
        guard nodes[index].isConnected, nodes[index].isAlive else { return }
        nodes[index].published += 1
        if nodes[other].isAlive { deliver(message, to: other) }
    }

    private mutating func probe(_ queue: QueueName, from index: Int) {
        guard nodes[index].isConnected, let other = indices[queue] else { return }
        nodes[index].published += 1
        if nodes[other].isAlive {
            deliver(.probe(from: index), to: other)
        } else {
            deliver(.returned(queue), to: index)
        }
    }

    private mutating func deliver(_ message: Message, to index: Int) {
        let delay = Int64.random(in: 200_000...5_000_000, using: &generator)
        queue.add(.arrives(message, at: index), due: now + .nanoseconds(delay))
    }
}
