import MqantRPC
import MqantTesting
import MqantTransportContract
import NIOCore
import Synchronization
import Testing

/// A contract that every transport passes would be worth nothing: these must not pass.
@Suite("Contract catches flaws", .serialized, .timeLimit(.minutes(1)))
struct ContractCatchesFlawsTests {
    @Test(arguments: [
        (Flaw.swapsRequests, "calls of one session are served in the order in which they were made"),
        (.swapsRequests, "casts and calls of one session keep their order among each other"),
        (.swapsPushes, "pushes to a group arrive in order, once, at every member"),
        (.deliversTwice, "every call ends once: with its own answer or a named error; none runs twice"),
        (.changesAByte, "bytes arrive as they were sent, both ways"),
        (.forgetsSession, "the session of a request arrives whole"),
        (.mixesReplies, "10 000 calls are out at a time and each gets its own answer"),
        (.alwaysRouted, "a confirmed push tells whether anybody is bound"),
        (.swapsConfirmed, "confirmed sends to a queue arrive in order, and each is told"),
        (.alwaysDelivered, "a confirmed send to a queue that is gone is told so alone"),
        (.losesCode, "the code of a handler's RPCError arrives, and counts as answered"),
    ])
    func aFlawIsSeen(_ flaw: Flaw, sentence: String) async throws {
        let all = TransportContract.checks + TransportContract.faultChecks
        let check = try #require(all.first { $0.sentence == sentence }, "no check says so any more")
        await withKnownIssue {
            try await check.run(on: FlawedFixture(flaw: flaw))
        }
    }

    /// The tables hold each check once.
    @Test func noSentenceIsSaidTwice() {
        let sentences = (TransportContract.checks + TransportContract.faultChecks).map(\.sentence)
        #expect(Set(sentences).count == sentences.count)
    }
}

enum Flaw: String, Sendable {
    case swapsRequests, swapsPushes, deliversTwice, changesAByte, forgetsSession, mixesReplies, alwaysRouted, losesCode
    case swapsConfirmed, alwaysDelivered
}

/// The in-process transport, made wrong on purpose.
struct FlawedFixture: TransportFixture {
    var flaw: Flaw
    var name: String { "flawed: \(flaw)" }

    func makeNetwork() async throws -> any TransportNetwork {
        FlawedNetwork(flaw: flaw, inner: try await InProcessFixture().makeNetwork())
    }
}

private struct FlawedNetwork: TransportNetwork {
    var flaw: Flaw
    var inner: any TransportNetwork

    func makeTransport(for node: NodeID) async throws -> any Transport {
        FlawedTransport(flaw: flaw, inner: try await inner.makeTransport(for: node))
    }
    func kill(_ node: NodeID) async { await inner.kill(node) }
    func tearDown() async { await inner.tearDown() }
}
