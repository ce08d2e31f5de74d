import NIOCore
import NIOPosix
package import RPC
import Synchronization

/// A network of transports of another kind that a seed makes late, unordered across queues, and lossy.
package final class SeededNetwork: HealableNetwork {
    let seed: UInt64
    let faults: SeededFaults
    private let inner: any TransportNetwork
    private let transports = Mutex<[NodeID: SeededTransport]>([:])
    /// How many envelopes to each queue the running loss still takes.
    private let losses = Mutex<[String: Int]>([:])
    private let isHealed = Mutex(false)

    package init(seed: UInt64, faults: SeededFaults, inner: any TransportNetwork) {
        self.seed = seed
        self.faults = faults
        self.inner = inner
    }

    /// Deliveries happen on these threads: neither the sender's nor those that drive the nodes' clocks.
    private static let threads = MultiThreadedEventLoopGroup(numberOfThreads: 2)

    func line(_ name: String, hasDelays: Bool = true) -> SeededLine {
        SeededLine(seed: seed, name: name, loop: Self.threads.next(), hasDelays: hasDelays)
    }

    package func makeTransport(for node: NodeID) async throws -> any Transport {
        let transport = SeededTransport(
            node: node, inner: try await inner.makeTransport(for: node), network: self)
        transports.withLock { $0[node] = transport }
        return transport
    }

    package func kill(_ node: NodeID) async {
        await transports.withLock { $0[node] }?.cut()
        await inner.kill(node)
    }

    package func tearDown() async { await inner.tearDown() }

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
}

/// The in-process transport on a seeded network.
package struct SeededFixture: TransportFixture {
    package let seed: UInt64
    package let faults: SeededFaults

    package init(seed: UInt64, faults: SeededFaults) {
        self.seed = seed
        self.faults = faults
    }

    package var name: String { "seed \(seed), \(faults)" }

    package func makeNetwork() async throws -> any TransportNetwork {
        SeededNetwork(seed: seed, faults: faults, inner: try await InProcessFixture().makeNetwork())
    }
}
