import Testing

@testable import MqantLoad

@Suite("Schedules") struct ScheduleTests {
    private static let start: UInt64 = 5_000_000_000

    /// All that is due at a moment.
    private func due(_ schedule: inout OpenLoopSchedule, at now: UInt64) -> [UInt64] {
        var times: [UInt64] = []
        while let time = schedule.take(at: now) { times.append(time) }
        return times
    }

    @Test func callsAreDueEvenly() {
        var schedule = OpenLoopSchedule(rate: 1000, start: Self.start)
        #expect(due(&schedule, at: Self.start - 1).isEmpty)
        #expect(due(&schedule, at: Self.start) == [Self.start])
        #expect(due(&schedule, at: Self.start + 2_999_999) == [1, 2].map { Self.start + $0 * 1_000_000 })
        #expect(schedule.next == Self.start + 3_000_000)
    }

    /// Who stood still finds all that was due meanwhile, each with the moment that it was due at.
    @Test func noCallIsLeftOutWhenTimeWasLost() {
        var schedule = OpenLoopSchedule(rate: 20_000, start: Self.start)
        _ = due(&schedule, at: Self.start)
        let late = due(&schedule, at: Self.start + Clock.second)
        #expect(late.count == 20_000)
        #expect(late.first == Self.start + 50_000)
        #expect(late.last == Self.start + Clock.second)
    }

    @Test(arguments: [1, 2, 3, 7]) func processesShareTheCallsOut(processes: Int) {
        var times: [UInt64] = []
        for process in 0..<processes {
            var schedule = OpenLoopSchedule(rate: 777, start: Self.start, process: process, processes: processes)
            times += due(&schedule, at: Self.start + Clock.second)
        }
        var whole = OpenLoopSchedule(rate: 777, start: Self.start)
        #expect(times.sorted() == due(&whole, at: Self.start + Clock.second))
    }

    @Test func theRateHoldsForLong() {
        var schedule = OpenLoopSchedule(rate: 3, start: 0)
        #expect(due(&schedule, at: 3600 * Clock.second).count == 3 * 3600 + 1)
    }

    @Test func clientsComeOverTheRamp() {
        let ramp = RampSchedule(clients: 4, start: 100, length: 1000)
        #expect((0..<4).map(ramp.moment) == [100, 350, 600, 850])
        #expect(RampSchedule(clients: 4, start: 100, length: 0).moment(of: 3) == 100)
    }

    @Test func theWindowFollowsTheWarmUp() {
        let window = MeasuredWindow(start: 10, warmUp: 1, duration: 2)
        #expect(window.measured == (10 + Clock.second)..<(10 + 3 * Clock.second))
        #expect(window.end == window.measured.upperBound)
    }

    @Test(arguments: [(1, 1), (5, 2), (6, 2), (7, 3), (2, 2), (100, 64)])
    func eachClientIsOfOneProcess(total: Int, processes: Int) {
        let numbers = (0..<processes).flatMap { process in
            let numbering = ClientNumbering(process: process, processes: processes, total: total)
            return (0..<numbering.count).map(numbering.number)
        }
        #expect(numbers.sorted() == Array(0..<total))
    }

    @Test(arguments: [(10, 1), (10, 3), (3, 10), (9, 9)]) func membersOfAllRoomsAreAllClients(total: Int, rooms: Int) {
        for room in 0..<rooms {
            let members = (0..<total).count { $0 % rooms == room }
            #expect(ClientNumbering.members(of: room, rooms: rooms, total: total) == members)
        }
    }
}
