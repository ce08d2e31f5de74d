import Testing

@testable import MqantGate

/// Who is looked at at which tick.
@Suite struct TimeoutWheelTests {
    private final class Member: TimeoutWheelMember {
        var wheelPlace = TimeoutPlace.none
    }

    @Test func eachIsLookedAtWhenItsTimeHasCome() {
        var wheel = TimeoutWheel<Member>()
        let members = (0..<5).map { _ in Member() }
        for (index, member) in members.enumerated() { wheel.add(member, in: index) }
        #expect(wheel.count == 5)
        // None at once: the tick that is under way has had its look.
        #expect(wheel.tick().count == 2)
        for index in 2..<5 {
            let due = wheel.tick()
            #expect(due.count == 1 && due.first === members[index])
        }
    }

    @Test func aMemberHasOnePlace() {
        var wheel = TimeoutWheel<Member>()
        let (one, other) = (Member(), Member())
        wheel.add(one, in: 2)
        wheel.add(other, in: 2)
        wheel.add(one, in: 1)
        #expect(wheel.count == 2)
        #expect(wheel.tick().first === one)
        #expect(wheel.tick().first === other)
        wheel.remove(one)
        wheel.remove(one)
        #expect(wheel.count == 1)
        #expect(wheel.all.first === other)
        wheel.remove(other)
        #expect(wheel.isEmpty)
    }

    @Test func whoeverHasLongIsLookedAtEarlierAndNeverMissed() {
        var wheel = TimeoutWheel<Member>()
        let member = Member()
        wheel.add(member, in: 1_000_000)
        var ticks = 1
        while wheel.tick().isEmpty, ticks < 1000 { ticks += 1 }
        #expect(ticks == 255)
    }
}
