import MqantRPC
import NIOCore
import Testing

@testable import Mqant

@Suite struct RosterStateTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)
    private let ann = SessionID()
    private let bob = SessionID()

    private func report(
        _ members: [(SessionID, String)], at incarnation: QueueName = "gate-1", isOwner: Bool = true
    ) -> PresenceReport {
        PresenceReport(
            gate: "gate", incarnation: incarnation, isOwner: isOwner,
            members: members.map { .init(group: "g", key: "k", session: $0.0, name: $0.1) })
    }

    private func event(_ name: String) -> RosterState.Event { .init(group: "g", key: "k", name: name) }

    private func names(_ state: RosterState) -> [String] { state.members(of: "g").map(\.name).sorted() }

    @Test func endsAreToldOncePerName() {
        var state = RosterState(now: start)
        _ = state.begin(report([(ann, "ann"), (bob, "ann")]))
        // The same user is there in another session.
        #expect(state.end(report([(ann, "ann")]), now: start) == [])
        #expect(names(state) == ["ann"])
        #expect(state.end(report([(bob, "ann")]), now: start) == [event("ann")])
        #expect(state.groups.isEmpty)
    }

    @Test func anHeirKeepsAndSaysNothing() {
        var state = RosterState(now: start)
        #expect(state.begin(report([(ann, "ann")], isOwner: false)) == [])
        #expect(names(state) == ["ann"])
        #expect(state.end(report([(ann, "ann")], isOwner: false), now: start) == [])
        #expect(names(state) == [])
    }

    @Test func aGateThatIsGoneTakesItsMembersAfterTheGrace() {
        var state = RosterState(now: start)
        _ = state.begin(report([(ann, "ann"), (bob, "bob")]))
        var found = state.look([:], reconnected: nil, now: start) { _ in .owner }
        #expect(found.ended == [] && found.next == start + RosterState.goneGrace)
        // One of them is at the Gate's next incarnation already.
        _ = state.begin(report([(bob, "bob")], at: "gate-2"))
        found = state.look(["gate-2": .reachable], reconnected: nil, now: start + RosterState.goneGrace) { _ in .owner }
        #expect(found.ended == [event("ann")] && found.next == nil)
        #expect(names(state) == ["bob"])
    }

    @Test func aGateThatIsGoneWhileThisNodeReconnectedHasLonger() {
        var state = RosterState(now: start)
        _ = state.begin(report([(ann, "ann")]))
        let end = start + RosterState.reconnectGrace
        #expect(state.look([:], reconnected: start, now: start) { _ in .owner }.next == end)
        #expect(state.look([:], reconnected: start, now: end - .nanoseconds(1)) { _ in .owner }.ended == [])
        #expect(state.look([:], reconnected: start, now: end) { _ in .owner }.ended == [event("ann")])
    }

    @Test func aSilentGateIsGivenUpLaterAndMayReturn() {
        var state = RosterState(now: start)
        _ = state.begin(report([(ann, "ann")]))
        let unreachable: [QueueName: Reachability] = ["gate-1": .unreachable]
        #expect(state.look(unreachable, reconnected: nil, now: start) { _ in .owner }.ended == [])
        let end = start + RosterState.silenceGrace
        #expect(state.look(unreachable, reconnected: nil, now: end) { _ in .owner }.ended == [event("ann")])
        #expect(names(state) == [])
        // The very incarnation is heard again: it is asked to report, and who returns is told.
        let found = state.look(["gate-1": .reachable], reconnected: nil, now: end) { _ in .owner }
        #expect(found.returned == ["gate"])
        #expect(state.begin(report([(ann, "ann")])) == [event("ann")])
        #expect(names(state) == ["ann"])
    }

    @Test func aGateThatIsHeardAgainInTimeLosesNobody() {
        var state = RosterState(now: start)
        _ = state.begin(report([(ann, "ann")]))
        _ = state.look(["gate-1": .unreachable], reconnected: nil, now: start) { _ in .owner }
        let later = start + .seconds(5)
        #expect(state.look(["gate-1": .reachable], reconnected: nil, now: later) { _ in .owner }.next == nil)
        let again = later + .seconds(10)
        let found = state.look(["gate-1": .unreachable], reconnected: nil, now: again) { _ in .owner }
        #expect(found.ended == [] && found.next == again + RosterState.silenceGrace)
    }

    @Test func onlyTheOwnerTellsWhoIsGone() {
        var state = RosterState(now: start)
        _ = state.begin(report([(ann, "ann")], isOwner: false))
        _ = state.look([:], reconnected: nil, now: start) { _ in .heir }
        let found = state.look([:], reconnected: nil, now: start + RosterState.goneGrace) { _ in .heir }
        #expect(found.ended == [])
        #expect(state.groups.isEmpty)
    }

    @Test func groupsOfOthersAreForgottenInTime() {
        var state = RosterState(now: start)
        _ = state.begin(report([(ann, "ann")]))
        let live: [QueueName: Reachability] = ["gate-1": .reachable]
        let end = start + RosterState.handOverTime
        #expect(state.look(live, reconnected: nil, now: start) { _ in .none }.next == end)
        // Ownership came back in between: the time begins anew.
        #expect(state.look(live, reconnected: nil, now: start + .seconds(1)) { _ in .heir }.next == nil)
        _ = state.look(live, reconnected: nil, now: start + .seconds(2)) { _ in .none }
        _ = state.look(live, reconnected: nil, now: end) { _ in .none }
        #expect(names(state) == ["ann"])
        _ = state.look(live, reconnected: nil, now: end + .seconds(2)) { _ in .none }
        #expect(state.groups.isEmpty)
    }

    @Test func anOlderListBringsNobodyBack() {
        var state = RosterState(now: start)
        _ = state.begin(report([(ann, "ann"), (bob, "bob")]))
        _ = state.end(report([(ann, "ann")]), now: start)
        let list = [ann, bob].map { GroupMember(session: $0, key: "k", name: $0 == ann ? "ann" : "bob") }
        state.replace(membersOf: "g", at: "gate", "gate-1", with: list, asked: state.reports)
        #expect(names(state) == ["bob"])
        // A list without a member ends its membership here; other Gates' members stay.
        state.replace(membersOf: "g", at: "gate", "gate-1", with: [], asked: state.reports)
        #expect(names(state) == [])
    }

    @Test func recentElementsAreForgottenAfterTwoPeriods() {
        var set = RecentSet<Int>(period: .seconds(10), now: start)
        set.insert(1, now: start)
        set.insert(2, now: start + .seconds(11))
        #expect(set.contains(1) && set.contains(2))
        set.insert(3, now: start + .seconds(22))
        #expect(!set.contains(1) && set.contains(2) && set.contains(3))
        #expect(set.remove(2) && !set.remove(2))
    }

    /// An answer and a report may overtake each other: they come by different queues.
    @Test func whatWasReportedWhileAGateWasAskedCountsMoreThanItsList() {
        var state = RosterState(now: start)
        _ = state.begin(report([(ann, "ann")]))
        let asked = state.reports
        _ = state.begin(report([(bob, "bob")]))
        _ = state.end(report([(ann, "ann")]), now: start)
        _ = state.begin(report([(ann, "ann again")]))
        // It was written before all that.
        let list = [GroupMember(session: ann, key: "k", name: "ann")]
        state.replace(membersOf: "g", at: "gate", "gate-1", with: list, asked: asked)
        #expect(names(state) == ["ann again", "bob"])
        let later = [GroupMember(session: ann, key: "k", name: "ann again")]
        state.replace(membersOf: "g", at: "gate", "gate-1", with: later, asked: state.reports)
        #expect(names(state) == ["ann again"], "a list that is newer than the reports counts")
    }
}
