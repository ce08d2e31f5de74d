import NIOCore
import Testing

@testable import MqantRPC

/// The value behind the timer: what is armed, replaced and cancelled.
@Suite("DeadlineTimer") struct DeadlineTimerValueTests {
    private func at(_ milliseconds: Int64) -> NIODeadline { .uptimeNanoseconds(1 << 40) + .milliseconds(milliseconds) }

    @Test func onlyAnEarlierDeadlineMovesIt() {
        var timer = DeadlineTimer<Int>()
        #expect(timer.fire(by: at(100)) == true)
        #expect(timer.fire(by: at(100)) == false)
        #expect(timer.fire(by: at(200)) == false)
        #expect(timer.armed(1, for: at(100)) == nil)
        #expect(timer.fire(by: at(50)) == true)
        #expect(timer.armed(2, for: at(50)) == 1, "the later one is cancelled")
        #expect(timer.stop() == 2)
    }

    /// Two threads arm it, and the one with the later deadline comes last.
    @Test func theEarlierOfTwoStays() {
        var timer = DeadlineTimer<Int>()
        #expect(timer.fire(by: at(100)) == true)
        #expect(timer.fire(by: at(50)) == true)
        #expect(timer.armed(2, for: at(50)) == nil)
        #expect(timer.armed(1, for: at(100)) == 1)
        #expect(timer.stop() == 2)
    }

    @Test func aTimerThatFiredBeforeItWasNotedReplacesNothing() {
        var timer = DeadlineTimer<Int>()
        #expect(timer.fire(by: at(100)) == true)
        timer.fired(next: at(300))
        #expect(timer.armed(2, for: at(300)) == nil)
        #expect(timer.armed(1, for: at(100)) == 1, "it is over")
        #expect(timer.stop() == 2)
    }

    @Test func nothingIsDueAfterTheLast() {
        var timer = DeadlineTimer<Int>()
        #expect(timer.fire(by: at(100)) == true)
        #expect(timer.armed(1, for: at(100)) == nil)
        timer.fired(next: nil)
        #expect(timer.stop() == nil)
        #expect(timer.fire(by: at(500)) == true)
    }
}
