import Testing

@testable import MqantRPCRabbitMQ

/// An event that happens once.
@Suite struct SignalTests {
    @Test(.timeLimit(.minutes(1))) func everyWaiterReturnsOnceItHasFired() async {
        let signal = Signal()
        await withDiscardingTaskGroup { group in
            for _ in 0..<50 {
                group.addTask { await signal.wait() }
                group.addTask { await signal.waitUnlessCancelled() }
            }
            signal.fire()
            signal.fire()
        }
        await signal.wait()
        await signal.waitUnlessCancelled()
    }

    @Test(.timeLimit(.minutes(1))) func aCancelledTaskWaitsNoLonger() async {
        let signal = Signal()
        await withDiscardingTaskGroup { group in
            for _ in 0..<50 { group.addTask { await signal.waitUnlessCancelled() } }
            group.cancelAll()
            // One that is cancelled before it waits.
            group.addTask { await signal.waitUnlessCancelled() }
        }
        await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                await signal.wait()
                return true
            }
            group.cancelAll()
            signal.fire()
            #expect(await group.next() == true)
        }
    }
}
