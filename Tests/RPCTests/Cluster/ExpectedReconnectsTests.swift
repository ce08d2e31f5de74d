import NIOCore
import Testing

@testable import MqantRPC

@Suite("ExpectedReconnects") struct ExpectedReconnectsTests {
    private func at(_ milliseconds: Int64) -> NIODeadline { .uptimeNanoseconds(1 << 40) + .milliseconds(milliseconds) }

    private func instance(_ id: InstanceID, _ type: ModuleType, life: Int = 1) -> InstanceDescription {
        InstanceDescription(id: id, type: type, queue: QueueName("\(id)#\(life)"))
    }

    private func news(_ instances: InstanceDescription...) -> Announcement {
        Announcement(node: "n", host: "h", sequence: 1, isGoodbye: false, instances: instances)
    }

    @Test func nobodyIsExpectedWhileAllIsWell() {
        let returning = ExpectedReconnects(timing: MembershipTiming())
        for endpoint in [.instance("a:Chat"), "Chat", .keyed("Chat", key: "k")] as [Endpoint] {
            #expect(!returning.includes(endpoint, now: at(0)))
        }
    }

    @Test func aNodeThatHasJustStartedKnowsNobodyYet() {
        var returning = ExpectedReconnects(timing: MembershipTiming())
        returning.started(now: at(0))
        for endpoint in [.instance("a:Chat"), "Chat", .keyed("Chat", key: "k")] as [Endpoint] {
            #expect(returning.includes(endpoint, now: at(1199)))
            #expect(!returning.includes(endpoint, now: at(1200)))
        }
        returning.heard(news(instance("a:Chat", "Chat")))
        #expect(returning.includes("Login", now: at(1199)), "others may yet be heard")
    }

    @Test func thoseWhoWereLiveAreExpectedForAMomentAfterThisNodeIsBack() {
        var returning = ExpectedReconnects(timing: MembershipTiming())
        returning.expect(live: [instance("a:Chat", "Chat")])
        for endpoint in [.instance("a:Chat"), "Chat", .keyed("Chat", key: "k")] as [Endpoint] {
            #expect(returning.includes(endpoint, now: at(1_000_000)), "as long as this node is away")
        }
        #expect(!returning.includes("Login", now: at(0)))
        #expect(!returning.includes(.instance("b:Chat"), now: at(0)))
        returning.connectionReturned(now: at(0))
        #expect(returning.includes("Chat", now: at(2999)))
        #expect(!returning.includes("Chat", now: at(3000)))
    }

    @Test func whoHasBeenHeardIsNotExpectedAnyMore() {
        var returning = ExpectedReconnects(timing: MembershipTiming())
        returning.expect(live: [instance("a:Chat", "Chat"), instance("b:Chat", "Chat")])
        returning.connectionReturned(now: at(0))
        returning.heard(news(instance("a:Chat", "Chat", life: 2)))
        // If it then goes, that is proof: a call to it ends at once.
        #expect(!returning.includes(.instance("a:Chat"), now: at(1)))
        #expect(returning.includes(.instance("b:Chat"), now: at(1)))
        #expect(returning.includes("Chat", now: at(1)))
        returning.heard(news(instance("b:Chat", "Chat", life: 2)))
        #expect(!returning.includes("Chat", now: at(1)))
    }

    @Test func whatIsForAnUnreachableInstanceAloneWaitsForIt() {
        var returning = ExpectedReconnects(timing: MembershipTiming())
        returning.expect(live: [], unreachable: [instance("a:Gate", "Gate")])
        returning.connectionReturned(now: at(0))
        #expect(returning.includes(.instance("a:Gate"), now: at(1)))
        #expect(!returning.includes("Gate", now: at(1)), "its type had nobody live before")
        returning.heard(news(instance("a:Gate", "Gate", life: 2)))
        #expect(!returning.includes(.instance("a:Gate"), now: at(1)))
    }

    @Test func aConnectionThatBreaksAgainBeginsAnew() {
        var returning = ExpectedReconnects(timing: MembershipTiming())
        returning.expect(live: [instance("a:Chat", "Chat")])
        returning.connectionReturned(now: at(0))
        returning.expect(live: [])
        #expect(returning.includes("Chat", now: at(10_000)), "who was not heard in between is expected still")
        returning.connectionReturned(now: at(10_000))
        #expect(returning.includes("Chat", now: at(12_999)))
        #expect(!returning.includes("Chat", now: at(13_000)))
    }
}
