import NIOCore
import Testing

@testable import MqantRPC

@Suite("OwnAnnouncements") struct OwnAnnouncementsTests {
    private var announcements = OwnAnnouncements(node: "n", host: "h", timing: MembershipTiming())

    private func at(_ milliseconds: Int64) -> NIODeadline { .uptimeNanoseconds(1 << 40) + .milliseconds(milliseconds) }

    private func instance(_ id: InstanceID) -> InstanceDescription {
        InstanceDescription(id: id, type: "Chat", queue: QueueName("\(id)#1"))
    }

    @Test mutating func eachIsNewerThanTheLast() throws {
        #expect(announcements.repeated([], replies: "r") == nil, "the first one is about to come")
        let first = announcements.next([instance("b"), instance("a")], replies: "r")
        #expect(first?.instances.map(\.id) == ["a", "b"])
        #expect(first?.sequence == 1)
        #expect(announcements.next([], replies: "r")?.sequence == 2)
        let repeated = try #require(announcements.repeated([instance("a")], replies: "r2"))
        #expect(repeated.sequence == 2)
        #expect(repeated.replies == "r2")
    }

    @Test mutating func nothingFollowsTheGoodbye() {
        let goodbye = announcements.next([], replies: "r", isGoodbye: true)
        #expect(goodbye?.isGoodbye == true)
        #expect(announcements.isOver)
        #expect(announcements.next([], replies: "r") == nil)
        #expect(announcements.next([], replies: "r", isGoodbye: true) == nil)
        #expect(announcements.repeated([], replies: "r") == nil)
    }

    @Test mutating func allWhoAskAtOnceGetOneAnswer() {
        #expect(announcements.asked(at: at(0)) == .zero)
        #expect(announcements.asked(at: at(0)) == nil, "it is about to come")
        announcements.answered(at: at(0))
        #expect(announcements.asked(at: at(40)) == .milliseconds(60))
        #expect(announcements.asked(at: at(50)) == nil)
        announcements.answered(at: at(100))
        #expect(announcements.asked(at: at(500)) == .zero)
    }
}
