import Logging
import MqantRPC
import Synchronization

/// The nodes of a test, on one network, with one clock.
final class TestNodes: Sendable {
    private let network: any TransportNetwork
    private let clock: TestClock?
    private let entrance: TestEntrance
    private let logger: Logger
    /// All that ever were, in the order of their start.
    private let all = Mutex<[TestNode]>([])

    /// How often an instance was started.
    private let lives = Mutex<[InstanceID: Int]>([:])

    init(_ network: any TransportNetwork, clock: TestClock?, entrance: TestEntrance, logger: Logger) {
        self.network = network
        self.clock = clock
        self.entrance = entrance
        self.logger = logger
    }

    private var live: [RPCNode] { all.withLock { $0 }.compactMap(\.live) }

    /// What the node with the Gate knows of the cluster, or another while that is not there; nil if none is.
    var view: ClusterView? {
        let all = all.withLock { $0 }
        return (all.first(where: \.hasGate)?.live ?? all.lazy.compactMap(\.live).first)?.view
    }

    /// A name that no node has had: one that has said goodbye is not listened to any more.
    func newName(for instance: InstanceID) -> NodeID {
        let life = lives.withLock { lives in
            lives[instance, default: 0] += 1
            return lives[instance, default: 0]
        }
        return NodeID("\(instance)#\(life)")
    }

    /// Starts a node. On the return its modules run, and all others know of it.
    func start(_ id: NodeID, _ modules: [TestModule]) async throws -> TestNode {
        let hasGate = modules.contains(where: \.isGate)
        let node = try await TestNode(
            id, modules, network: network, clock: clock, entrance: hasGate ? entrance : nil, logger: logger
        ) { [self] in try await introduce($0) }
        all.withLock { $0.append(node) }
        try await node.started()
        if hasGate {
            await entrance.opened()
            clock?.watch(entrance.eventLoops)
        }
        let instances = modules.map(\.id)
        for other in all.withLock({ $0 }) {
            guard let known = other.live else { continue }
            // Either may be killed meanwhile.
            let areLive = { other.live != nil && node.live != nil }
            try await known.wait(for: "that \(other.id) knows of \(instances)", while: areLive) { view in
                instances.allSatisfy { view.candidate($0) != nil }
            }
        }
        return node
    }

    /// Returns once nobody takes an instance for live.
    func forgot(_ id: InstanceID) async throws {
        for other in all.withLock({ $0 }) {
            guard let known = other.live else { continue }
            try await known.wait(for: "that \(other.id) forgets \(id)", while: { other.live != nil }) { view in
                view.candidate(id) == nil
            }
        }
    }

    /// A newcomer knows nobody, and does not wait for announcements: all others announce themselves.
    private func introduce(_ newcomer: RPCNode) async throws {
        for other in live where other !== newcomer { other.asked(by: nil) }
        try await newcomer.wait(for: "that \(newcomer.id) knows of all others") { view in
            // Those that there are now: one may have ended since it was asked.
            let instances = live.filter { $0 !== newcomer }.flatMap(\.view.local.keys)
            return instances.allSatisfy { view.candidate($0) != nil }
        }
    }

    /// Ends them all: the one with the Gate first, then the youngest.
    /// - Throws: why one ended before.
    func end() async throws {
        clock?.unwatch(entrance.eventLoops)
        let nodes = all.withLock { $0 }.reversed()
        var failure: (any Error)?
        for node in nodes.filter(\.hasGate) + nodes.filter({ !$0.hasGate }) {
            do { try await node.end() } catch { failure = failure ?? error }
        }
        await network.tearDown()
        if let failure { throw failure }
    }
}
