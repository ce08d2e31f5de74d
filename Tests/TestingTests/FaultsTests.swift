import Synchronization
import Testing

@testable import MqantTesting

/// What `.faults` does to a test's modules, and what it says of it.
@Suite("Faults", .timeLimit(.minutes(5))) struct FaultsTests {
    /// Runs a body as a test with the trait would be run.
    /// - Returns: the issues that were recorded meanwhile; none of them is this test's.
    private func run(_ trait: FaultsTrait, _ body: @escaping @Sendable () async throws -> Void) async throws -> [Issue]
    {
        let issues = Mutex<[Issue]>([])
        let test = try #require(Test.current)
        let scope = IssueHandlingTrait.compactMapIssues { issue in
            issues.withLock { $0.append(issue) }
            return nil
        }
        try await scope.provideScope(for: test, testCase: Test.Case.current) {
            try await trait.provideScope(for: test, testCase: Test.Case.current, performing: body)
        }
        return issues.withLock { $0 }
    }

    private func seedOfThisRun() throws -> Int { try #require(FaultPlan.current).seed }

    @Test func theBodyIsRunOnceForEachSeed() async throws {
        let seeds = Mutex<[Int]>([])
        let issues = try await run(.faults(seeds: 3...7)) {
            let seed = try seedOfThisRun()
            seeds.withLock { $0.append(seed) }
        }
        #expect(seeds.withLock { $0 } == [3, 4, 5, 6, 7])
        #expect(issues.isEmpty)
        #expect(FaultPlan.current == nil)
    }

    private struct Planned: Error {}

    @Test(arguments: [false, true]) func aRunThatFailsIsTheLastAndNamesItsSeed(byThrowing throws: Bool) async throws {
        let seeds = Mutex<[Int]>([])
        let issues = try await run(.faults(seeds: 1...100)) {
            let seed = try seedOfThisRun()
            seeds.withLock { $0.append(seed) }
            guard seed == 4 else { return }
            if `throws` { throw Planned() } else { #expect(seed == 5) }
        }
        #expect(seeds.withLock { $0 } == [1, 2, 3, 4])
        #expect(issues.count == 1)
        let advice: Comment = "seed 4: MQANT_SEED=4 in the environment repeats this run alone"
        #expect(issues.first?.comments.contains(advice) == true)
        #expect(issues.first?.error is Planned == `throws`)
    }

    @Test(.faults(seeds: 1...10)) func instancesAreKilledAndComeBack() async throws {
        try await Server.test(Table.self, settings: #"{ "Seats": 100 }"#) { server in
            let ada = try await server.client(user: "Ada")
            var outages = 0
            for number in 0..<100 {
                do {
                    try await ada.request("Table/Handler_WhoAmI", number)
                } catch let refusal as TestClient.Refusal {
                    #expect(refusal.isOutage, "\(refusal)")
                    outages += 1
                    let user: String = try await ada.request("Table/Handler_WhoAmI", 0, repeats: true)
                    #expect(user == "Ada")
                }
            }
            // At least every fortieth request kills.
            #expect(outages >= 1)
            try await server.recover()
            for number in 0..<100 { try await ada.request("Table/Handler_WhoAmI", number) }
        }
    }

    @Test(.faults(.delays, seeds: 1...5)) func nothingIsLostByDelays() async throws {
        try await Server.test(Table.self) { server in
            let (ada, bob) = (try await server.client(user: "Ada"), try await server.client(user: "Bob"))
            for client in [ada, bob] { try await client.request("Table/Handler_Sit", Table.Sit(table: "7")) }
            for number in 0..<50 {
                try await ada.post("Table/Handler_Shout", "\(number)")
                try await bob.request("Table/Handler_Shout", "\(number)")
            }
            var seen: [[String]] = []
            for client in [ada, bob] {
                var texts: [String] = []
                for _ in 0..<100 { texts.append(try await client.nextPush(on: "Table/OnShout").decode()) }
                seen.append(texts)
            }
            #expect(seen[0] == seen[1], "all see one order")
            #expect(Dictionary(grouping: seen[0], by: \.self).allSatisfy { $0.value.count == 2 })
        }
    }

    @Test(.faults(seeds: 1...10)) func instancesOfTheTestsOwnAreKilledToo() async throws {
        try await Server.test(Table.self) { server in
            let second = try await server.start(Table.self, id: "table-2")
            let ada = try await server.client(user: "Ada")
            for number in 0..<60 {
                // By either instance.
                try await ada.request("Table/Handler_WhoAmI", ["table": "\(number)"], repeats: true)
            }
            // Alive or coming back.
            try await second.stop()
            #expect(server.owner(of: "7", Table.type) != "table-2")
            try await server.recover()
            try await ada.request("Table/Handler_WhoAmI", 0)
        }
    }

    @Test(.faults(seeds: 1...3)) func theTestsClockMovesWhateverDies() async throws {
        let clock = TestClock()
        try await Server.test(Timers.self, clock: clock) { server in
            let client = try await server.client()
            for _ in 0..<30 { try await client.request("Timers/Handler_Nap", 0, repeats: true) }
            try await server.recover()
            try await client.request("Timers/Handler_Watch", 0)
            _ = try await client.request("Timers/Handler_Nap", 0, returning: Double.self)
            await clock.advance(by: .seconds(1))
            for _ in 0..<20 { _ = try await client.nextPush(on: "Timers/OnBeat") }
        }
    }
}
