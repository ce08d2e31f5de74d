import MqantTesting
import Testing

/// Time stands still until the test moves it, and then all that is due is done, in order.
@Suite("Test clock", .timeLimit(.minutes(1))) struct TestClockTests {
    @Test func workAtAPaceIsDoneAsOftenAsTheTimeSays() async throws {
        let clock = TestClock()
        try await Server.test(Timers.self, clock: clock) { server in
            let client = try await server.client()
            // The first beat is at the start.
            await clock.advance(by: .zero)
            try await client.request("Timers/Handler_Watch", 0)
            await clock.advance(by: .seconds(1))
            for run in 2...21 {
                let beat = try await client.nextPush(on: "Timers/OnBeat").decode(Timers.Beat.self)
                #expect(beat == Timers.Beat(run: run, overruns: 0, milliseconds: 50 * (run - 1)))
            }
            await clock.advance(by: .milliseconds(49))
            await clock.advance(by: .milliseconds(1))
            let beat = try await client.nextPush(on: "Timers/OnBeat").decode(Timers.Beat.self)
            #expect(beat == Timers.Beat(run: 22, overruns: 0, milliseconds: 1050))
        }
    }

    @Test func timersThatAreDueFireInTheOrderOfTheirMoments() async throws {
        let clock = TestClock()
        try await Server.test(Timers.self, clock: clock) { server in
            let client = try await server.client()
            await clock.advance(by: .zero)
            try await client.request("Timers/Handler_Watch", 0)
            await clock.advance(by: .milliseconds(260))
            var seen: [String] = []
            for _ in 0..<7 { seen.append(try await client.nextPush().topic) }
            let (beat, tick) = ("Timers/OnBeat", "Timers/OnTick")
            #expect(seen == [beat, beat, tick, beat, beat, tick, beat])
        }
    }

    @Test func aFunctionThatSleepsIsAnsweredWhenItsTimeHasCome() async throws {
        let clock = TestClock()
        try await Server.test(Timers.self, clock: clock) { server in
            let client = try await server.client()
            async let nap: Double = client.request("Timers/Handler_Nap", 3000)
            // Of `run()` two sleep.
            try await clock.sleepers(3)
            await clock.advance(by: .seconds(3))
            #expect(try await nap == 3000)
        }
    }

    @Test func aTaskOfAModulesOwnWakesInTime() async throws {
        let clock = TestClock()
        try await Server.test(Timers.self, clock: clock) { server in
            let client = try await server.client()
            try await client.request("Timers/Handler_Remind", 3000)
            try await clock.sleepers(3)
            await clock.advance(by: .seconds(3))
            #expect(try await client.nextPush().topic == "Timers/OnRemind")
        }
    }

    @Test func callsEndAtTheirDeadlinesAndNotBefore() async throws {
        let clock = TestClock()
        try await Server.test(Timers.self, clock: clock) { server in
            let client = try await server.client()
            let answers = AsyncStream<String>.makeStream()
            async let asking: Void = {
                let refusal = await #expect(throws: TestClient.Refusal.self) {
                    try await client.request("Timers/Handler_Ask", 1000)
                }
                answers.continuation.yield(refusal?.message ?? "")
            }()
            try await clock.sleepers(3)
            await clock.advance(by: .milliseconds(999))
            // An answer would have come before this one.
            let other = try await server.client()
            async let nap: Double = other.request("Timers/Handler_Nap", 1)
            try await clock.sleepers(4)
            await clock.advance(by: .milliseconds(1))
            #expect(try await nap == 1)
            answers.continuation.yield("not yet")
            await clock.advance(by: .milliseconds(10))
            await asking
            var texts: [String] = []
            for await text in answers.stream.prefix(2) { texts.append(text) }
            #expect(texts == ["not yet", "silence did not answer in time"])
            // The function goes on until its own time has come.
            await clock.advance(by: .seconds(1))
        }
    }

    @Test func theClockMovesByNobodyElse() async throws {
        let clock = TestClock()
        try await Server.test(Timers.self, clock: clock) { server in
            let client = try await server.client()
            await clock.advance(by: .zero)
            try await client.request("Timers/Handler_Watch", 0)
            // Two beats of the system's clock.
            try await Task.sleep(for: .milliseconds(100))
            await clock.advance(by: .milliseconds(50))
            let beat = try await client.nextPush(on: "Timers/OnBeat").decode(Timers.Beat.self)
            #expect(beat == Timers.Beat(run: 2, overruns: 0, milliseconds: 50))
        }
    }

    @Test func withoutOneTimeIsTheSystems() async throws {
        try await Server.test(Timers.self) { server in
            let client = try await server.client()
            try await client.request("Timers/Handler_Watch", 0)
            _ = try await client.nextPush(on: "Timers/OnBeat")
            #expect(try await client.request("Timers/Handler_Nap", 5, returning: Double.self) >= 5)
        }
    }
}
