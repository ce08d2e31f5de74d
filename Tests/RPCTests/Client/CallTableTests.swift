import NIOCore
import Testing

@testable import MqantRPC

@Suite("CallTable") struct CallTableTests {
    private static func at(_ milliseconds: Int64) -> NIODeadline {
        .uptimeNanoseconds(3_600_000_000_000) + .milliseconds(milliseconds)
    }

    private func table() -> CallTable<String> { CallTable(now: Self.at(0)) }

    @Test func aCallIsTakenOutOnce() {
        var table = table()
        let id = table.insert("call", deadline: Self.at(100))
        #expect(table.count == 1)
        #expect(table.remove(id) == "call")
        #expect(table.remove(id) == nil)
        #expect(table.count == 0)
        #expect(table.expire(now: Self.at(1000)).isEmpty)
    }

    @Test func idsOfEndedCallsMeanNothing() {
        var table = table()
        let old = table.insert("old", deadline: Self.at(100))
        _ = table.remove(old)
        let new = table.insert("new", deadline: Self.at(100))
        #expect(old != new)
        #expect(table.remove(old) == nil)
        #expect(table.update(old) { $0 = "changed" } == nil)
        #expect(table.remove(new) == "new")
    }

    @Test(arguments: [0, 1, .max, 0xffff_ffff, 1 << 32, 0xffff_ffff_0000_0000] as [UInt64])
    func idsFromOutsideMeanNothing(_ raw: UInt64) {
        var table = table()
        #expect(table.remove(CorrelationID(rawValue: raw)) == nil)
        let id = table.insert("call", deadline: Self.at(100))
        if id.rawValue != raw { #expect(table.remove(CorrelationID(rawValue: raw)) == nil) }
        #expect(table.count == 1)
    }

    @Test func updateChangesInPlace() {
        var table = table()
        let id = table.insert("a", deadline: Self.at(100))
        let length = table.update(id) { call in
            call += "b"
            return call.count
        }
        #expect(length == 2)
        #expect(table.remove(id) == "ab")
    }

    /// Deadlines a nanosecond around the ticks, and over several turns of the wheel.
    @Test(arguments: [0, 1, 5, 9, 10, 11, 99, 100, 1000, 10_230, 10_240, 10_250, 33_333, 3_600_000] as [Int64])
    func expiryIsNeverEarlyAndLateByATickAtMost(_ milliseconds: Int64) {
        for nudge in [-1, 0, 1] as [Int64] {
            var table = table()
            let deadline = Self.at(milliseconds) + .nanoseconds(nudge)
            _ = table.insert("call", deadline: deadline)
            var now = Self.at(0)
            if deadline > now {
                #expect(table.expire(now: deadline - .nanoseconds(1)).isEmpty, "early")
                now = deadline
            }
            #expect(table.expire(now: now + CallTable<String>.tick) == ["call"], "late")
        }
    }

    @Test func nextExpiryLeadsToEveryDeadline() throws {
        var table = table()
        let deadlines = [5, 17, 17, 250, 10_239, 10_240, 10_255, 40_000].map { Self.at($0) }
        for deadline in deadlines { _ = table.insert(deadline.description, deadline: deadline) }
        var expired: [(String, NIODeadline)] = []
        var last = Self.at(0)
        var wakeups = 0
        while let next = table.nextExpiry {
            #expect(next > last, "the clock would spin")
            last = next
            expired += table.expire(now: next).map { ($0, next) }
            wakeups += 1
            try #require(wakeups < 100)
        }
        #expect(expired.map(\.0) == deadlines.map(\.description))
        for (deadline, (_, time)) in zip(deadlines, expired) {
            #expect(time >= deadline)
            #expect(time - deadline <= CallTable<String>.tick)
        }
        #expect(table.count == 0)
    }

    @Test func aClockThatStoodStillExpiresAllThatIsDue() {
        var table = table()
        for milliseconds in stride(from: 10, to: 30_000, by: 10) as StrideTo<Int64> {
            _ = table.insert("call", deadline: Self.at(milliseconds))
        }
        // The wheel has turned almost three times since.
        #expect(table.expire(now: Self.at(29_005)).count == 2899)
        #expect(table.count == 100)
        #expect(table.expire(now: Self.at(31_000)).count == 100)
        #expect(table.count == 0)
    }

    @Test func aClockThatGoesBackExpiresNothingTwice() {
        var table = table()
        _ = table.insert("one", deadline: Self.at(50))
        #expect(table.expire(now: Self.at(100)) == ["one"])
        #expect(table.expire(now: Self.at(20)).isEmpty)
        _ = table.insert("two", deadline: Self.at(30))
        #expect(table.expire(now: Self.at(100)).isEmpty)
        #expect(table.expire(now: Self.at(120)) == ["two"])
    }

    @Test func deadlinesAtTheEndsOfTimeAreFine() {
        var table = table()
        let never = table.insert("never", deadline: .distantFuture)
        _ = table.insert("long ago", deadline: .uptimeNanoseconds(0))
        #expect(table.expire(now: Self.at(20)) == ["long ago"])
        #expect(table.expire(now: Self.at(1_000_000)).isEmpty)
        #expect(table.nextExpiry != nil)
        #expect(table.remove(never) == "never")
        #expect(table.nextExpiry == nil)
    }

    @Test func removeAllTakesWhatMatches() {
        var table = table()
        let ids = (0..<100).map { table.insert($0 % 3 == 0 ? "a" : "b", deadline: Self.at(50)) }
        #expect(table.removeAll { $0 == "a" }.count == 34)
        #expect(table.count == 66)
        #expect(table.remove(ids[0]) == nil)
        #expect(table.remove(ids[1]) == "b")
        #expect(table.expire(now: Self.at(100)).count == 65)
    }

    /// A slot is used again before a new one is made: ids keep to as many slots as there were calls at a time.
    @Test func aMillionCallsUseTheSameSlots() {
        var table = CallTable<Int>(now: Self.at(0))
        var out: [CorrelationID] = []
        var largest: UInt64 = 0
        for number in 0..<1_000_000 {
            let id = table.insert(number, deadline: Self.at(10_000))
            largest = max(largest, id.rawValue & 0xffff_ffff)
            out.append(id)
            if out.count == 16 {
                for id in out where table.remove(id) == nil { Issue.record("a call is missing") }
                out.removeAll(keepingCapacity: true)
            }
        }
        #expect(largest == 15)
        #expect(table.count == 0)
        #expect(table.nextExpiry == nil)
    }

    @Test func endedCallsAreReleased() {
        final class Probe: Sendable {}
        var table = CallTable<Probe>(now: Self.at(0))
        weak var removed: Probe?
        weak var expired: Probe?
        do {
            let (one, two) = (Probe(), Probe())
            (removed, expired) = (one, two)
            let id = table.insert(one, deadline: Self.at(100))
            _ = table.insert(two, deadline: Self.at(100))
            _ = table.remove(id)
            _ = table.expire(now: Self.at(200))
        }
        #expect(removed == nil)
        #expect(expired == nil)
    }
}
