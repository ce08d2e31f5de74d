package import MqantRPC
import NIOCore
import NIOPosix
import Synchronization

/// A network within a process that a seed makes late, unordered across queues, and lossy; and whose nodes it kills.
///
/// The same seed makes the same decisions for the same messages. What the threads of the process do between two messages is not
/// decided by it.
package final class SeededNetwork: TransportNetwork {
    private struct Lives {
        /// Requests that a node takes until it is killed.
        var left: [NodeID: Int] = [:]
        var generators: [NodeID: SeededGenerator] = [:]
        /// True while a node that was killed is not there again: then no other is.
        var isOneDown = false
    }

    let seed: UInt64
    let faults: SeededFaults
    private let hub = InProcessHub()
    private let transports = Mutex<[NodeID: SeededTransport]>([:])
    /// How many envelopes to each queue the running loss still takes.
    private let losses = Mutex<[String: Int]>([:])
    private let lives = Mutex(Lives())
    private let isHealed = Mutex(false)
    private let onDeath = Mutex<(@Sendable (NodeID) -> Void)?>(nil)

    package init(seed: UInt64, faults: SeededFaults) {
        self.seed = seed
        self.faults = faults
    }

    /// Deliveries happen on these threads: neither the sender's nor those that drive the nodes' clocks.
    private static let threads = MultiThreadedEventLoopGroup(numberOfThreads: 2)

    func line(_ name: String, hasDelays: Bool = true) -> SeededLine {
        SeededLine(
            seed: seed, name: name, loop: Self.threads.next(), hasDelays: hasDelays && faults.delaysMessages)
    }

    package func makeTransport(for node: NodeID) async throws -> any Transport {
        let transport = SeededTransport(node: node, inner: InProcessTransport(node: node, hub: hub), network: self)
        transports.withLock { $0[node] = transport }
        return transport
    }

    package func kill(_ node: NodeID) async {
        let transport = transports.withLock { $0[node] }
        transport?.kill()
        await transport?.cut()
    }

    package func tearDown() async {}

    /// Ends all faults; delays go on.
    package func heal() { isHealed.withLock { $0 = true } }

    /// What happens to the next envelope on its way to a queue or group.
    func fate(of envelope: Fate.Kind, to target: String, _ generator: inout SeededGenerator) -> Fate {
        guard !isHealed.withLock({ $0 }) else { return .arrives }
        switch envelope {
        case .announcement:
            return generator.isOne(in: faults.missesOneAnnouncementIn) ? .isLost : .arrives
        case .request, .reply, .push:
            let isLost = losses.withLock { losses in
                if let left = losses[target], left > 0 {
                    losses[target] = left - 1
                    return true
                }
                guard generator.isOne(in: faults.dropsOneIn) else { return false }
                losses[target] = Int.random(in: 0..<max(1, faults.longestDrop), using: &generator)
                return true
            }
            if isLost { return .isLost }
            return envelope == .request && generator.isOne(in: faults.returnsOneIn) ? .comesBack : .arrives
        }
    }

    enum Fate {
        case arrives
        case isLost
        case comesBack

        enum Kind {
            case request
            case reply
            case push
            case announcement
        }
    }

    // MARK: Deaths

    /// When a node dies of a request.
    package enum Death {
        /// The request is lost with it.
        case beforeRequest
        /// The function has begun, and may have ended; the answer may have left or not.
        case afterRequest
    }

    /// Kills endangered nodes from now on.
    /// - Parameter onDeath: called, on any thread, when one was killed: nothing leaves it any more, and all others are about
    ///   to learn of it.
    package func beginKilling(_ onDeath: @escaping @Sendable (NodeID) -> Void) {
        self.onDeath.withLock { $0 = onDeath }
    }

    /// From now on the node may be killed, if such are the faults.
    package func endanger(_ node: NodeID) {
        guard faults.longestLife > 0 else { return }
        var generator = SeededGenerator(seed: seed, name: "life of \(node)")
        lives.withLock { lives in
            lives.left[node] = Int.random(in: 1...faults.longestLife, using: &generator)
            lives.generators[node] = generator
        }
    }

    /// The node that was killed is there again, under another name: others may be killed.
    package func isBack() { lives.withLock { $0.isOneDown = false } }

    /// Whether the node dies of the request that has come to it.
    package func death(of node: NodeID) -> Death? {
        guard !isHealed.withLock({ $0 }), onDeath.withLock({ $0 != nil }) else { return nil }
        return lives.withLock { lives in
            guard let left = lives.left[node] else { return nil }
            if left > 1 || lives.isOneDown {
                lives.left[node] = max(1, left - 1)
                return nil
            }
            lives.left[node] = nil
            lives.isOneDown = true
            let isBefore = lives.generators[node]?.isOne(in: 2) ?? false
            return isBefore ? .beforeRequest : .afterRequest
        }
    }

    /// Kills a node for which `death` found that it dies.
    func carryOut(_ node: NodeID) {
        transports.withLock { $0[node] }?.kill()
        onDeath.withLock { $0 }?(node)
    }
}
