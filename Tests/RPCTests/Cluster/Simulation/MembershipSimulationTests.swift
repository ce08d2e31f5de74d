import Foundation
import MqantTesting
import NIOCore
import Testing

@testable import MqantRPC

/// What membership costs, and how soon everybody knows: in virtual time, for clusters larger than a machine has room for.
@Suite("Membership, simulated", .serialized, .ownThread, .timeLimit(.minutes(5))) struct MembershipSimulationTests {
    /// A large cluster; 1000 nodes take a minute or two of a core without optimization.
    private static let large = ProcessInfo.processInfo.environment["SIMULATED_NODES"].flatMap { Int($0) } ?? 200

    /// How long until all nodes but the victims think so of all of them.
    private func time(
        _ cluster: inout SimulatedCluster, until reachability: Reachability, of victims: [Int], within bound: TimeAmount
    ) -> TimeAmount {
        let names = victims.map { cluster.nodes[$0].id }
        let observers = cluster.nodes.indices.filter { cluster.nodes[$0].isAlive && !victims.contains($0) }
        return cluster.run(for: bound) { cluster in
            observers.allSatisfy { observer in
                names.allSatisfy { name in
                    (cluster.nodes[observer].table.peers[name]?.reachability ?? .gone) == reachability
                }
            }
        }
    }

    private func seconds(_ time: TimeAmount) -> Double { Double(time.nanoseconds / 1_000_000) / 1000 }

    @Test func theyLeaveThePoolToOthers() {
        #expect(OwnThread.isCurrent)
    }

    @Test(arguments: [3, 40, 300, 1000]) func atRest(count: Int) {
        var cluster = SimulatedCluster(count: count, seed: 7)
        cluster.run(for: .seconds(2))
        cluster.resetCounts()
        // Seconds: as many repetitions as that brings are enough for a mean in a large cluster.
        let time = max(4, 20 * 40 / count)
        cluster.run(for: .seconds(Int64(time)))
        let published = cluster.nodes.map { Double($0.published) / Double(time) }
        let delivered = cluster.nodes.map { Double($0.delivered) / Double(time) }
        let (mean, most) = (delivered.reduce(0, +) / Double(count), delivered.max() ?? 0)
        print(
            "\(count) nodes at rest: each publishes \(published.reduce(0, +) / Double(count)) messages a second,",
            "and gets \(mean), \(most) at most")
        #expect(most <= 20)
        for node in cluster.nodes {
            #expect(node.table.peers.count == count - 1)
            #expect(node.table.peers.values.allSatisfy { $0.reachability == .reachable })
        }
    }

    @Test(arguments: [3, 40, large]) func oneIsKilled(count: Int) {
        var cluster = SimulatedCluster(count: count, seed: 11)
        cluster.run(for: .seconds(3))
        cluster.kill(1)
        let time = time(&cluster, until: .gone, of: [1], within: .seconds(5))
        print("\(count) nodes, one killed: known after \(seconds(time)) s")
        #expect(time < .milliseconds(600))
    }

    @Test(arguments: [3, 40, large]) func oneFallsSilentAndComesBack(count: Int) {
        var cluster = SimulatedCluster(count: count, seed: 13)
        cluster.run(for: .seconds(3))
        cluster.connect(1, false)
        let silent = time(&cluster, until: .unreachable, of: [1], within: .seconds(9))
        cluster.run(for: .seconds(5))
        cluster.connect(1, true)
        let back = time(&cluster, until: .reachable, of: [1], within: .seconds(9))
        print(
            "\(count) nodes, one silent: known after \(seconds(silent)) s, and that it is back after \(seconds(back)) s"
        )
        #expect(silent <= .milliseconds(3100))
        #expect(back <= .milliseconds(600))
        #expect(cluster.nodes[1].table.peers.values.allSatisfy { $0.reachability == .reachable }, "it judged nobody")
    }

    @Test(arguments: [40, large]) func neighboursAreKilledTogether(count: Int) {
        var cluster = SimulatedCluster(count: count, seed: 17)
        cluster.run(for: .seconds(3))
        var victims = [0]
        for _ in 0..<5 { victims.append(cluster.next(after: victims[victims.count - 1])) }
        for victim in victims { cluster.kill(victim) }
        let time = time(&cluster, until: .gone, of: victims, within: .seconds(9))
        print("\(count) nodes, six neighbours killed: known after \(seconds(time)) s")
        #expect(time < .seconds(1))
    }

    @Test(arguments: [40, large]) func manyAreKilledAndMoreFallSilentAtOnce(count: Int) {
        var cluster = SimulatedCluster(count: count, seed: 19)
        cluster.run(for: .seconds(3))
        let killed = stride(from: 0, to: count, by: 10).map { $0 }
        let silent = stride(from: 1, to: count, by: 20).map { $0 }
        var neighbour = silent[0]
        for _ in 0..<3 {
            neighbour = cluster.next(after: neighbour)
            if !killed.contains(neighbour) { cluster.connect(neighbour, false) }
        }
        let all = Set(silent + cluster.nodes.indices.filter { !cluster.nodes[$0].isConnected }).subtracting(killed)
        for index in all { cluster.connect(index, false) }
        for index in killed { cluster.kill(index) }
        let observers = cluster.nodes.indices.filter { cluster.nodes[$0].isAlive && !all.contains($0) }
        func isKnown(_ cluster: SimulatedCluster, _ indices: some Sequence<Int>, _ wanted: Reachability) -> Bool {
            indices.allSatisfy { index in
                let name = cluster.nodes[index].id
                return observers.allSatisfy {
                    (cluster.nodes[$0].table.peers[name]?.reachability ?? .gone) == wanted
                }
            }
        }
        let death = cluster.run(for: .seconds(9)) { isKnown($0, killed, .gone) }
        let silence = cluster.run(for: .seconds(9)) { isKnown($0, all, .unreachable) }
        print(
            "\(count) nodes, \(killed.count) killed and \(all.count) silent: known after \(seconds(death)) s",
            "and \(seconds(death + silence)) s")
        #expect(death < .milliseconds(1100))
        #expect(death + silence <= .milliseconds(3700))
        for index in observers { #expect(cluster.nodes[index].table.peers.count == observers.count - 1 + all.count) }
    }

    @Test(arguments: [3, 40, large]) func aNewcomerHidesNobodyThatWasKilledBeforeItCame(count: Int) {
        var cluster = SimulatedCluster(count: count, seed: 23)
        cluster.run(for: .seconds(3))
        let victim = cluster.next(after: 0)
        cluster.kill(victim)
        // Between the victim and the one that has looked after it, by name.
        let newcomer = cluster.join(cluster.nodes[0].id.rawValue + "-newcomer")
        let time = time(&cluster, until: .gone, of: [victim], within: .seconds(9))
        print("\(count) nodes, one killed before a newcomer: known after \(seconds(time)) s")
        #expect(time < .seconds(1))
        cluster.run(for: .seconds(1))
        #expect(cluster.nodes[newcomer].table.peers.count == count - 1)
        #expect(cluster.nodes[0].table.peers.count == count - 1)
    }
}
