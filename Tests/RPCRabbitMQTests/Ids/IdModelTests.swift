import MqantRPC
import Testing

@testable import MqantRPCRabbitMQ

/// Two or three processes with one Id, and all orders in which things can happen to them.
@Suite struct IdModelTests {
    /// Lines of events, each of which goes on whenever it likes.
    struct Scenario: CustomTestStringConvertible, Sendable {
        var name: String
        var script: [[IdModel.Event]]
        /// Who may serve in the end; empty: anybody.
        var servers: Set<Int> = []
        /// What has happened already: the first process serves.
        var before: [IdModel.Event] = [.starts(0, at: 0)]

        var testDescription: String { name }

        func world(_ flaw: IdModel.Flaw? = nil) -> IdWorld {
            let starts = (before + script.joined()).count { if case .starts = $0 { true } else { false } }
            var world = IdWorld([], isPunctual: starts > 2, flaw: flaw)
            for event in before {
                world.happen(event)
                // As it goes when nothing else happens.
                while let step = world.steps.first { world.take(step) }
            }
            world.script = script
            return world
        }
    }

    static let scenarios = [
        Scenario(name: "a second one starts", script: [[.starts(1, at: 0)]], servers: [0]),
        Scenario(name: "two more start", script: [[.starts(1, at: 0)], [.starts(2, at: 1)]], servers: [0]),
        Scenario(name: "two start at a time", script: [[.starts(0, at: 0)], [.starts(1, at: 1)]], before: []),
        Scenario(
            name: "three start at a time", script: [[.starts(0, at: 0)], [.starts(1, at: 1)], [.starts(2, at: 1)]],
            before: []),
        Scenario(name: "it crashes", script: [[.crashes(0), .starts(1, at: 0)]], servers: [1]),
        Scenario(
            name: "it crashes when others start", script: [[.crashes(0)], [.starts(1, at: 0)], [.starts(2, at: 1)]]),
        Scenario(
            name: "it dies with its broker", script: [[.brokerDies(0), .crashes(0), .starts(1, at: 1)]], servers: [1]),
        Scenario(
            name: "it dies with its broker, and two succeed it",
            script: [[.brokerDies(0), .crashes(0), .starts(1, at: 1)], [.starts(2, at: 1)]]),
        Scenario(
            name: "it dies with its broker, which returns",
            script: [[.brokerDies(0), .crashes(0), .starts(1, at: 1)], [.brokerReturns(0)], [.starts(2, at: 1)]]),
        Scenario(
            name: "its successor dies, too",
            script: [[.brokerDies(0), .crashes(0), .starts(1, at: 1), .crashes(1), .starts(2, at: 1)]], servers: [2]),
        Scenario(
            name: "its broker dies, and it goes to another",
            script: [[.brokerDies(0), .reconnects(0, at: 1)], [.starts(1, at: 1)]]),
        Scenario(
            name: "its broker dies and returns",
            script: [[.brokerDies(0), .reconnects(0, at: 1)], [.starts(1, at: 1)], [.brokerReturns(0)]]),
        Scenario(name: "it is stopped", script: [[.stops(0), .starts(1, at: 0), .continues(0)]]),
        Scenario(name: "it is stopped when others start", script: [[.stops(0), .continues(0)], [.starts(1, at: 1)]]),
        Scenario(
            name: "it is stopped, and two succeed it",
            script: [[.stops(0), .starts(1, at: 1), .continues(0)], [.starts(2, at: 1)]]),
        Scenario(
            name: "one that took over is stopped",
            script: [[.stops(2), .starts(1, at: 1), .continues(2)]],
            before: [.starts(0, at: 0), .brokerDies(0), .crashes(0), .starts(2, at: 1)]),
        Scenario(
            name: "one that took over is stopped, and its successor too",
            script: [[.stops(2), .starts(1, at: 1), .stops(1), .continues(2), .continues(1)]],
            before: [.starts(0, at: 0), .brokerDies(0), .crashes(0), .starts(2, at: 1)]),
        Scenario(name: "its connection breaks", script: [[.loses(0), .reconnects(0, at: 1)]], servers: [0]),
        Scenario(
            name: "its connection breaks when another starts",
            script: [[.loses(0), .reconnects(0, at: 1)], [.starts(1, at: 1)]]),
        Scenario(
            name: "its broker dies when another starts, which crashes",
            script: [[.brokerDies(0), .reconnects(0, at: 1)], [.starts(1, at: 1), .crashes(1)]]),
        Scenario(
            name: "both connections break",
            script: [[.loses(0), .reconnects(0, at: 1)], [.loses(1), .reconnects(1, at: 1)]],
            before: [.starts(0, at: 0), .stops(0), .starts(1, at: 1), .continues(0)]),
        Scenario(
            name: "its successor crashes", script: [[.crashes(1)], [.starts(2, at: 1)]],
            before: [.starts(0, at: 0), .stops(0), .starts(1, at: 1), .continues(0)]),
        Scenario(
            name: "its successor dies with its broker", script: [[.brokerDies(1), .crashes(1)], [.starts(2, at: 0)]],
            before: [.starts(0, at: 0), .stops(0), .starts(1, at: 1), .continues(0)]),
    ]

    @Test(arguments: scenarios) func oneServesInTheEnd(_ scenario: Scenario) {
        var explorer = IdExplorer()
        let finding = explorer.explore(scenario.world(), servers: scenario.servers)
        #expect(finding == nil, "\(scenario.name): \(finding ?? "")")
        #expect(explorer.ends > 0)
    }

    @Test(arguments: IdModel.Flaw.allCases) func eachFlawIsFound(_ flaw: IdModel.Flaw) {
        let isFound = Self.scenarios.contains { scenario in
            var explorer = IdExplorer()
            return explorer.explore(scenario.world(flaw), servers: scenario.servers) != nil
        }
        #expect(isFound)
    }

    @Test func claimsAreOrdered() {
        let claims = [
            IdClaim(.returning, of: "z"), IdClaim(.locked, of: "a"), IdClaim(.locked, of: "b"),
            IdClaim(.takenOver, of: "a"),
        ]
        #expect(claims.shuffled().sorted() == claims)
        #expect([nil, -1, 0, 1, 2, 7].map { IdClaim.Rank(wire: $0).rawValue } == [1, 0, 0, 1, 2, 2])
        #expect([IdClaim.Rank.returning, .locked, .takenOver].map(\.wire) == [0, nil, 2])
    }
}

/// Goes through all interleavings of a scenario, each state once.
struct IdExplorer {
    private(set) var states = 0
    private(set) var ends = 0

    /// - Returns: the first fault that is found, with the way to it; nil: there is none.
    mutating func explore(_ start: IdWorld, servers: Set<Int>) -> String? {
        var seen: Set<Int> = []
        var stack = [(world: start, steps: start.steps)]
        var path: [IdWorld.Step] = []
        while let (world, steps) = stack.last {
            guard let step = steps.last else {
                stack.removeLast()
                _ = path.popLast()
                continue
            }
            stack[stack.count - 1].steps.removeLast()
            var next = world
            next.take(step)
            guard seen.insert(next.hashValue).inserted else { continue }
            states += 1
            if path.count > 200 { return "it never becomes quiet" }
            guard next.steps.isEmpty else {
                path.append(step)
                stack.append((next, next.steps))
                continue
            }
            ends += 1
            var fault = next.fault
            if fault == nil, !servers.isEmpty {
                let serving = next.processes.indices.filter { next.processes[$0].hold.phase == .serving }
                if !servers.isSuperset(of: serving) { fault = "\(serving) serve" }
            }
            if let fault { return "\(fault)\n" + (path + [step]).map { "    \($0)" }.joined(separator: "\n") }
        }
        return nil
    }
}
