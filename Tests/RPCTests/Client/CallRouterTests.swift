import NIOCore
import Testing

@testable import MqantRPC

/// What becomes of calls, decision by decision.
@Suite("CallRouter") struct CallRouterTests {
    private var harness = RouterHarness()

    // MARK: Replies and deadlines

    @Test mutating func theFirstReplyEndsACall() throws {
        harness.announce("a", ["a:Work"])
        let (id, place) = harness.begin(1)
        #expect(place == "a:Work#1 gets [1]")
        let call = try #require(id)
        #expect(harness.receive(for: call) == "ended")
        #expect(harness.receive(.failure(RPCError(.remote, "twice")), for: call) == "late")
        #expect(harness.codes == [1: nil])
        #expect(harness.router.count == 0)
    }

    @Test mutating func aReplyAfterTheDeadlineIsLate() throws {
        harness.announce("a", ["a:Work"])
        let call = try #require(harness.begin(1, timeout: 50).id)
        harness.expire(at: 49)
        #expect(harness.codes.isEmpty, "never early")
        harness.expire(at: 60)
        #expect(harness.codes == [1: .timeout])
        #expect(harness.outcome(1) == .unknown)
        #expect(harness.receive(for: call) == "late")
    }

    /// A slot that another call has by now.
    @Test mutating func aLateReplyEndsNoOtherCall() throws {
        harness.announce("a", ["a:Work"])
        let first = try #require(harness.begin(1, timeout: 50).id)
        harness.expire(at: 60)
        let second = try #require(harness.begin(2).id)
        #expect(harness.receive(for: first) == "late")
        #expect(harness.receive(for: second) == "ended")
        #expect(harness.codes == [1: .timeout, 2: nil])
    }

    @Test mutating func aCallThatWasNeverWrittenIsKnownToHaveDoneNothing() throws {
        harness.announce("a", ["a:Work"])
        let call = try #require(harness.begin(1, timeout: 50).id)
        _ = harness.begin(2, timeout: 50)
        harness.expire(at: 60, unwritten: [call])
        #expect(harness.outcome(1) == .notDelivered)
        #expect(harness.outcome(2) == .unknown)
    }

    @Test mutating func aCancelledCallTakesNoReply() throws {
        harness.announce("a", ["a:Work"])
        let call = try #require(harness.begin(1).id)
        harness.cancel(call)
        harness.cancel(call)
        #expect(harness.receive(for: call) == "late")
        #expect(harness.codes == [1: .cancelled])
    }

    // MARK: Instances

    @Test mutating func anInstanceOfThisNodeComesFirstUnlessItIsFull() {
        harness.announce("a", ["a:Work"])
        harness.serve("me:Work")
        #expect(harness.begin(1).place == "me:Work gets [1]")
        harness.full = ["me:Work"]
        #expect(harness.begin(2).place == "a:Work#1 gets [2]")
    }

    @Test mutating func nobodyIsThere() {
        #expect(harness.begin(1).place == "failed")
        #expect(harness.begin(2, .instance("a:Work")).id == nil)
        #expect(harness.codes == [1: .notFound, 2: .notFound])
        #expect(harness.outcome(1) == .notDelivered)
    }

    @Test mutating func tooManyCallsAreRefused() {
        harness.announce("a", ["a:Work"])
        for number in 1...5 { #expect(harness.begin(number).id != nil) }
        #expect(harness.begin(6).place == "failed")
        #expect(harness.codes == [6: .overloaded])
        #expect(harness.outcome(6) == .notDelivered)
    }

    // MARK: Calls that come back

    @Test mutating func aReturnedCallGoesToAnotherInstance() throws {
        harness.announce("a", ["a:Work"])
        let call = try #require(harness.begin(1).id)
        harness.announce("b", ["b:Work"])
        #expect(harness.returned(call, by: "a:Work#1") == "b:Work#1 gets [1]")
        #expect(harness.returned(call, by: "b:Work#1") == "failed")
        #expect(harness.codes == [1: .notFound])
    }

    /// The instance is there again under another queue.
    @Test mutating func aCallGoesToNoQueueThatReturnedIt() throws {
        harness.announce("a", ["a:Work"])
        let call = try #require(harness.begin(1, .instance("a:Work")).id)
        harness.view.remove(queue: "a:Work#1")
        harness.announce("a", [], sequence: 2)
        harness.announce("a", ["a:Work"], sequence: 3)
        #expect(harness.returned(call, by: "a:Work#1") == "a:Work#3 gets [1]")
        #expect(harness.returned(call, by: "a:Work#1") == "over", "another queue has it by now")
        #expect(harness.codes.isEmpty)
    }

    @Test mutating func theAnswerOfAWithdrawnInstanceIsLikeAReturn() throws {
        harness.announce("a", ["a:Work"])
        let call = try #require(harness.begin(1).id)
        harness.announce("b", ["b:Work"])
        #expect(harness.receive(.failure(.withdrawn), for: call) == "b:Work#1 gets [1]")
        #expect(harness.receive(for: call) == "ended")
        #expect(harness.codes == [1: nil])
    }

    // MARK: Processes that are gone

    @Test mutating func aCallOfAProcessThatIsGoneIsInterrupted() throws {
        harness.announce("a", ["a:Work"])
        let call = try #require(harness.begin(1).id)
        harness.announce("b", ["b:Work"])
        #expect(harness.interrupt(call, at: "a:Work#1") == "failed")
        #expect(harness.codes == [1: .interrupted])
        #expect(harness.outcome(1) == .unknown)
    }

    @Test(arguments: [true, false])
    mutating func anInterruptedCallGoesOnWhereThatIsSafe(isUnwritten: Bool) throws {
        harness.announce("a", ["a:Work"])
        let call = try #require(harness.begin(1).id)
        harness.announce("b", ["b:Work"], idempotent: isUnwritten ? [] : ["work"])
        #expect(harness.interrupt(call, at: "a:Work#1", isUnwritten: isUnwritten) == "b:Work#1 gets [1]")
        // What comes of the first one is no news.
        #expect(harness.interrupt(call, at: "a:Work#1") == "over")
        #expect(harness.returned(call, by: "a:Work#1") == "over")
        #expect(harness.receive(for: call) == "ended")
        #expect(harness.codes == [1: nil])
    }

    @Test mutating func onlyCallsOfTheQueueThatWereSentBeforeAreLookedAt() throws {
        harness.announce("a", ["a:Work"])
        let call = try #require(harness.begin(1, .instance("a:Work")).id)
        harness.now = 100
        _ = harness.begin(2, .instance("a:Work"))
        harness.announce("b", ["b:Work"])
        _ = harness.begin(3, .instance("b:Work"))
        #expect(harness.router.calls(at: ["a:Work#1"], sentBefore: RouterHarness.at(50)) == [call])
        #expect(harness.router.calls(at: ["a:Work#1"], sentBefore: .distantFuture).count == 2)
        #expect(harness.router.callees(since: RouterHarness.at(50)) == ["a:Work#1"])
        #expect(harness.router.callees(since: RouterHarness.at(100)) == ["a:Work#1", "b:Work#1"])
    }

    @Test mutating func aBrokenConnectionEndsWhatWasWrittenToIt() throws {
        harness.announce("a", ["a:Work"])
        harness.announce("b", ["b:Work"])
        harness.serve("me:Work")
        _ = harness.begin(1, .instance("a:Work"))
        let unwritten = try #require(harness.begin(2, .instance("a:Work")).id)
        _ = harness.begin(3, .instance("b:Work"))
        _ = harness.begin(4, .instance("me:Work"))
        for call in harness.router.disconnect(unwritten: [unwritten], isAffected: { $0 != "b:Work#1" }) {
            call.disconnect()
        }
        #expect(harness.codes == [1: .disconnected])
        #expect(harness.router.count == 3)
    }

    @Test mutating func nothingBeginsAfterTheEnd() {
        harness.announce("a", ["a:Work"])
        _ = harness.begin(1)
        #expect(harness.router.shutDown().count == 1)
        #expect(harness.begin(2).place == "failed")
        #expect(harness.codes == [2: .shuttingDown])
        #expect(throws: RPCError(.shuttingDown, "this node is shutting down")) {
            try harness.router.route("Work", in: harness.view, isFull: { _ in false })
        }
    }

    // MARK: Waiting

    @Test mutating func callsWaitForInstancesThatAreExpectedBack() throws {
        harness.announce("a", ["a:Work"])
        harness.breakConnection()
        #expect(harness.begin(1).place == "waits")
        #expect(harness.begin(2).place == "waits")
        #expect(harness.begin(3, "Other").place == "failed")
        #expect(harness.resendWaiting() == ["waits", "waits"])
        harness.announce("a", ["a:Work"], sequence: 2)
        #expect(harness.resendWaiting() == ["a:Work#2 gets [1]", "a:Work#2 gets [2]"])
        #expect(harness.resendWaiting().isEmpty)
    }

    @Test mutating func aCallThatWaitsHasItsDeadline() {
        harness.announce("a", ["a:Work"])
        harness.breakConnection()
        _ = harness.begin(1, timeout: 50)
        harness.expire(at: 60)
        #expect(harness.codes == [1: .timeout])
        #expect(harness.outcome(1) == .notDelivered)
        harness.announce("a", ["a:Work"], sequence: 2)
        #expect(harness.resendWaiting() == ["over"])
    }

    /// The instance was taken for gone, and answers after all.
    @Test mutating func aCallThatWaitsTakesAResultButNoReturn() throws {
        harness.announce("a", ["a:Work"], idempotent: ["work"])
        let call = try #require(harness.begin(1).id)
        harness.breakConnection()
        #expect(harness.returned(call, by: "a:Work#1") == "waits")
        #expect(harness.receive(.failure(.withdrawn), for: call) == "late")
        #expect(harness.receive(for: call) == "ended")
        harness.announce("a", ["a:Work"], sequence: 2)
        #expect(harness.resendWaiting() == ["over"])
        #expect(harness.codes == [1: nil])
    }

    @Test mutating func noPushOvertakesOneThatWaits() {
        harness.announce("g", ["g:Gate"], isGate: true)
        harness.breakConnection()
        #expect(harness.begin(1, .ownerOf("room")).place == "waits")
        harness.announce("g", ["g:Gate"], sequence: 2, isGate: true)
        // Its owner is there, but it was made later.
        #expect(harness.begin(2, .ownerOf("room")).place == "waits")
        #expect(harness.resendWaiting() == ["g:Gate#2 gets [1]", "g:Gate#2 gets [2]"])
        #expect(harness.begin(3, .ownerOf("room")).place == "g:Gate#2 gets [3]")
    }

    @Test mutating func pushesThatAreMadeWhileOthersLeaveWaitBehindThem() {
        harness.announce("g", ["g:Gate"], isGate: true)
        harness.breakConnection()
        _ = harness.begin(1, .ownerOf("room"))
        harness.announce("g", ["g:Gate"], sequence: 2, isGate: true)
        #expect(harness.router.takeWaiting().pushes)
        // Another thread finds that they leave already.
        #expect(!harness.router.takeWaiting().pushes)
        let first = harness.router.retryNextPush(harness.time, in: harness.view, isFull: { _ in false })
        #expect(first?.isSent == true)
        #expect(harness.begin(2, .ownerOf("room")).place == "waits")
        let second = harness.router.retryNextPush(harness.time, in: harness.view, isFull: { _ in false })
        #expect(second?.isSent == true)
        #expect(harness.router.retryNextPush(harness.time, in: harness.view, isFull: { _ in false }) == nil)
        #expect(!harness.router.hasWaitingPushes)
    }

    // MARK: Broadcasts

    @Test mutating func aBroadcastGoesToThoseWhoAreThere() throws {
        harness.announce("a", ["a:Work"])
        harness.announce("b", ["b:Work"])
        harness.serve("me:Work")
        func targets() throws -> [InstanceID] {
            try harness.router.targets(of: .all("Work"), in: harness.view).map(\.instance.id)
        }
        #expect(try targets() == ["a:Work", "b:Work", "me:Work"])
        harness.view.remove(queue: "a:Work#1")
        #expect(try targets() == ["b:Work", "me:Work"])
        harness.view.remove(queue: "b:Work#1")
        harness.view.removeLocal("me:Work")
        #expect(throws: RPCError.serviceNotFound("Work")) { try targets() }
    }
}
