import Testing

@testable import MqantRabbitMQ

struct LivenessTests {
    private let start = MonotonicTime(nanoseconds: 1_000_000_000_000)

    private func liveness(heartbeat: Duration = .seconds(10)) -> Liveness {
        Liveness(heartbeat: heartbeat, stallLimit: .seconds(3), now: start)
    }

    private func error(_ liveness: inout Liveness, at now: MonotonicTime, stalledSince: MonotonicTime?)
        -> RabbitMQError?
    {
        do throws(RabbitMQError) {
            _ = try liveness.check(now, stalledSince: stalledSince)
            return nil
        } catch {
            return error
        }
    }

    @Test func aHeartbeatIsDueOnceForEachHalfOfAnIntervalWithoutSending() throws {
        var liveness = liveness()
        liveness.received(start + .seconds(9))
        var due: [Int] = []
        for second in 1...20 where try liveness.check(start + .seconds(second), stalledSince: nil) {
            due.append(second)
        }
        #expect(due == [5, 10, 15, 20])
    }

    @Test func whatIsSentStandsForAHeartbeat() throws {
        var liveness = liveness()
        liveness.sent(start + .seconds(4))
        #expect(liveness.nextCheck(stalledSince: nil) == start + .seconds(9))
        let early = try liveness.check(start + .seconds(8), stalledSince: nil)
        let due = try liveness.check(start + .seconds(9), stalledSince: nil)
        #expect(!early && due)
    }

    @Test func aPeerThatSaysNothingForTwoIntervalsIsDead() {
        var liveness = liveness()
        liveness.received(start + .seconds(1))
        #expect(error(&liveness, at: start + .seconds(20), stalledSince: nil) == nil)
        let dead = error(&liveness, at: start + .seconds(21), stalledSince: nil)
        #expect(dead?.code == .connectionClosed && dead?.outcome == .unknown)
    }

    @Test func aSocketThatTakesNothingForTooLongIsDead() {
        var liveness = liveness(heartbeat: .zero)
        let since = start + .seconds(1)
        #expect(liveness.nextCheck(stalledSince: since) == start + .seconds(4))
        #expect(error(&liveness, at: start + .seconds(3), stalledSince: since) == nil)
        #expect(error(&liveness, at: start + .seconds(4), stalledSince: since)?.code == .connectionClosed)
    }

    @Test func withoutHeartbeatsNothingIsDue() throws {
        var liveness = liveness(heartbeat: .zero)
        #expect(liveness.nextCheck(stalledSince: nil) == .distantFuture)
        let isDue = try liveness.check(start + .seconds(100_000), stalledSince: nil)
        #expect(!isDue)
    }
}
