import MqantTransportContract
import Testing

@testable import MqantRPC

@Suite("Lanes") struct LanesTests {
    private let one = LaneID.session(SessionID())
    private let two = LaneID.session(SessionID())

    @Test func aLaneRunsOneJobAtATimeInOrder() {
        var lanes = Lanes<Int>(maxRunning: 10, maxWaiting: 10)
        #expect(lanes.admit(1, to: one) == .run)
        #expect(lanes.admit(2, to: one) == .wait)
        #expect(lanes.admit(3, to: one) == .wait)
        #expect(lanes.admit(10, to: two) == .run)
        #expect(lanes.running == 2)
        #expect(lanes.waiting == 2)
        #expect(lanes.finish(one) == 2)
        #expect(lanes.finish(two) == nil)
        #expect(lanes.finish(one) == 3)
        #expect(lanes.finish(one) == nil)
        #expect(lanes.isIdle)
        #expect(!lanes.isBusy(one))
    }

    @Test func jobsWithoutALaneRunAllAtOnceUpToTheBound() {
        var lanes = Lanes<Int>(maxRunning: 3, maxWaiting: 2)
        #expect((0..<3).allSatisfy { lanes.admit($0, to: .none) == .run })
        #expect(lanes.isFull)
        #expect(lanes.admit(3, to: .none) == .wait)
        #expect(lanes.admit(4, to: one) == .wait)
        #expect(lanes.admit(5, to: .none) == .overloaded)
        #expect(lanes.admit(6, to: two) == .overloaded)
        #expect(!lanes.isBusy(two), "a refused job leaves nothing behind")
        #expect(lanes.finish(.none) == 3)
        #expect(lanes.finish(.none) == 4)
        #expect(lanes.isBusy(one))
        #expect(lanes.finish(one) == nil)
    }

    @Test func bothBoundsAreAtLeastSensible() {
        var lanes = Lanes<Int>(maxRunning: 0, maxWaiting: -1)
        #expect(lanes.admit(1, to: .serial) == .run)
        #expect(lanes.admit(2, to: .serial) == .overloaded)
        #expect(lanes.finish(.serial) == nil)
        #expect(lanes.admit(3, to: .serial) == .run)
    }

    /// One session with many calls does not fill the line that others wait in, whatever its calls' lanes are.
    @Test(arguments: [true, false]) func aSessionHasAShareOfTheLine(isPerSession: Bool) {
        let sessions = (0..<3).map { _ in SessionID() }
        func lane(_ number: Int) -> LaneID { isPerSession ? .session(sessions[number]) : .none }
        var lanes = Lanes<Int>(maxRunning: 1, maxWaiting: 320)
        #expect(lanes.admit(0, to: lane(0), of: sessions[0]) == .run)
        for number in 1...20 { #expect(lanes.admit(number, to: lane(0), of: sessions[0]) == .wait) }
        #expect(lanes.admit(21, to: lane(0), of: sessions[0]) == .overloaded)
        #expect(lanes.admit(100, to: lane(1), of: sessions[1]) == .wait)
        #expect(lanes.finish(lane(0)) != nil)
        #expect(lanes.admit(22, to: lane(0), of: sessions[0]) == .wait || isPerSession)
        #expect(lanes.admit(200, to: lane(2), of: sessions[2]) == .wait)
    }

    /// A session with many calls does not keep the room that others wait for.
    @Test func aBusyLaneLetsOthersIn() {
        var lanes = Lanes<String>(maxRunning: 1, maxWaiting: 100)
        #expect(lanes.admit("busy 0", to: one) == .run)
        for number in 1...5 { #expect(lanes.admit("busy \(number)", to: one) == .wait) }
        #expect(lanes.admit("other", to: two) == .wait)
        #expect(lanes.admit("free", to: .none) == .wait)
        var order: [String] = []
        var lane = one
        while let next = lanes.finish(lane) {
            order.append(next)
            lane = next == "other" ? two : next == "free" ? .none : one
        }
        #expect(order == ["other", "free", "busy 1", "busy 2", "busy 3", "busy 4", "busy 5"])
    }

    /// Ten thousand that wait in one lane cost no more each than ten.
    @Test func aLongLaneIsNotCopied() {
        var lanes = Lanes<[Int]>(maxRunning: 1, maxWaiting: 20_000)
        #expect(lanes.admit([0], to: .serial) == .run)
        for number in 1...20_000 { #expect(lanes.admit([number], to: .serial) == .wait) }
        let clock = ContinuousClock()
        let start = clock.now
        var number = 0
        while let next = lanes.finish(.serial) {
            number += 1
            if next != [number] { Issue.record("out of order at \(number)") }
        }
        #expect(number == 20_000)
        // In place: 20 ms in a debug build. Copied: half a minute.
        #expect(clock.now - start < .seconds(5))
    }
}
