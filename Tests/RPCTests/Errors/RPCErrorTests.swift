import FoundationEssentials
import Testing

@testable import MqantRPC

@Suite("RPCError") struct RPCErrorTests {
    /// Part of the wire protocol: changing one breaks modules in other languages.
    @Test func codesOnTheWireAreThese() {
        let expected = [
            "not-found", "function-not-found", "invalid-arguments", "overloaded", "remote", "timeout", "interrupted",
            "disconnected", "invalid-result", "too-large", "shutting-down", "cancelled", "instance-taken",
        ]
        #expect(RPCError.Code.known.map(\.rawValue) == expected)
    }

    /// Only what reached no handler is safe to send again.
    @Test func theOutcomeFollowsFromTheCode() {
        let outcomes = RPCError.Code.known.map { ($0, RPCError($0, "x").outcome) }
        #expect(
            outcomes.filter { $0.1 == .notDelivered }.map(\.0) == [.notFound, .tooLarge, .shuttingDown, .instanceTaken])
        #expect(outcomes.filter { $0.1 == .unknown }.map(\.0) == [.timeout, .interrupted, .disconnected, .cancelled])
        #expect(RPCError(.overloaded, "x", outcome: .notDelivered).isSafeToResend)
        #expect(!RPCError(.notFound, "x", outcome: .answered).isSafeToResend)
    }

    @Test func theTextsOfTheGateAreMqants() {
        #expect(RPCError.serviceNotFound("Chat").message == "Service(type:Chat) not found")
        #expect(RPCError.functionNotFound("f").message == "Remote function(f) not found")
        #expect(RPCError.serviceNotFound("Chat").description == "not-found: Service(type:Chat) not found")
    }

    @Test func errorsAreEqualByWhatTheySay() {
        struct Beneath: Error {}
        let one = RPCError(.remote, "x", underlyingError: Beneath())
        #expect(one == RPCError(.remote, "x"))
        #expect(one.hashValue == RPCError(.remote, "x").hashValue)
        #expect(one != RPCError(.remote, "y"))
        #expect(one != RPCError(.timeout, "x"))
        #expect(one != RPCError(.remote, "x", outcome: .unknown))
    }

    @Test func anAnswerToAnErrorIsAnswered() {
        #expect(RPCError(answering: RPCError(.shuttingDown, "x")).outcome == .answered)
        #expect(RPCError(answering: HandlerError("x")) == RPCError(.remote, "x"))
    }

    /// A module's own kinds, and those of versions to come.
    @Test func kindsMayGrow() throws {
        let noMoney = RPCError.Code(rawValue: "no-money")
        #expect(RPCError(answering: RPCError(noMoney, "x")) == RPCError(noMoney, "x", outcome: .answered))
        #expect(RPCError(noMoney, "x").outcome == .unknown)
        func text(_ code: RPCError.Code) -> String {
            switch code {
            case .timeout: "late"
            case noMoney: "poor"
            default: "other"
            }
        }
        #expect([.timeout, noMoney, .remote].map(text) == ["late", "poor", "other"])
        #expect(try JSONDecoder().decode([RPCError.Code].self, from: Data(#"["timeout","x"]"#.utf8)).first == .timeout)
        #expect(try String(decoding: JSONEncoder().encode([noMoney]), as: UTF8.self) == #"["no-money"]"#)
    }

    /// What could be taken for something else on the wire, or does a terminal harm, is answered as `remote`.
    @Test(arguments: ["withdrawn", "", "No-Money", "no money", "\u{1b}[2J", "né", String(repeating: "x", count: 65)])
    func oddKindsAreRemote(_ text: String) {
        let code = RPCError.Code(rawValue: text)
        #expect(RPCError(answering: RPCError(code, "x")) == RPCError(.remote, "x"))
    }
}
