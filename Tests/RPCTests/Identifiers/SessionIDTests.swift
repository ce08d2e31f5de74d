import FoundationEssentials
import MqantTransportContract
import Testing

@testable import MqantRPC

@Suite("Identifiers") struct IdentifierTests {
    @Test func sessionIDsAreDifferent() {
        #expect(Set((0..<10_000).map { _ in SessionID() }).count == 10_000)
    }

    @Test func aSessionIDIsItsText() throws {
        for text in [
            "00000000000000000000000000000000", "0123456789abcdef0000000000000001", "ffffffffffffffffffffffffffffffff",
        ] {
            #expect(SessionID(text)?.description == text)
        }
        let id = SessionID()
        #expect(SessionID(id.description) == id)
        #expect(id.description.utf8.count == 32)
        let json = try JSONEncoder().encode([id])
        #expect(String(decoding: json, as: UTF8.self) == "[\"\(id)\"]")
        #expect(try JSONDecoder().decode([SessionID].self, from: json) == [id])
    }

    @Test func capitalsAreTheSameID() {
        #expect(SessionID("ABCDEFABCDEFABCDEFABCDEFABCDEFAB") == SessionID("abcdefabcdefabcdefabcdefabcdefab"))
    }

    @Test(arguments: [
        "", "0", "0123456789abcdef000000000000000", "0123456789abcdef00000000000000011",
        "0123456789abcdef000000000000000g", "+123456789abcdef0000000000000001", "0123456789abcdef-000000000000001",
        "0123456789abcdef 000000000000001", "éééééééééééééééé", "０123456789abcdef00000000000001",
        "0123456789abcdef00000000000000\u{0}1",
    ])
    func whatIsNoSessionIDIsNil(_ text: String) {
        #expect(SessionID(text) == nil)
        #expect(throws: (any Error).self) {
            try JSONDecoder().decode([SessionID].self, from: try JSONEncoder().encode([text]))
        }
    }

    @Test(arguments: 1...4 as ClosedRange<UInt64>)
    func anyBytesAreReadOrRefused(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<500 {
            let bytes = (0..<32).map { _ in UInt8.random(in: 0x20...0x7f, using: &random) }
            let text = String(decoding: bytes, as: UTF8.self)
            let isHex = bytes.allSatisfy { "0123456789abcdefABCDEF".utf8.contains($0) }
            #expect((SessionID(text) != nil) == isHex)
        }
    }

    @Test func identifiersAreTheirTextOnTheWire() throws {
        let json = try JSONEncoder().encode(["a:Chat"] as [InstanceID])
        #expect(String(decoding: json, as: UTF8.self) == #"["a:Chat"]"#)
        #expect(try JSONDecoder().decode([InstanceID].self, from: json) == ["a:Chat"])
        #expect(("a" as NodeID) < "b")
    }

    @Test func aGroupNameHasBounds() throws {
        #expect(try GroupName(validating: "a").rawValue == "a")
        #expect(try GroupName(validating: String(repeating: "ü", count: 100)).rawValue.utf8.count == 200)
        for text in ["", String(repeating: "ü", count: 100) + "a"] {
            #expect(throws: RPCError.self) { try GroupName(validating: text) }
        }
    }

    @Test func correlationIDsSurviveTheirText() {
        for raw in [0, 1, 0xffff_ffff, .max] as [UInt64] {
            let id = CorrelationID(rawValue: raw)
            #expect(CorrelationID(id.description) == id)
        }
        for text in ["", "x", "-1", "10000000000000000", "1 "] { #expect(CorrelationID(text) == nil) }
    }

    @Test func aSessionStateIsReadWithoutItsOptionalParts() throws {
        let id = SessionID()
        let json = #"{"Sessionid":"\#(id)","Serverid":"g:Gate"}"#
        let state = try JSONDecoder().decode(SessionState.self, from: Data(json.utf8))
        #expect(state == SessionState(id: id, gate: "g:Gate"))
        var full = state
        full.userID = "u"
        full.settings = ["a": "b"]
        full.groups = ["r"]
        full.version = .max
        #expect(try JSONDecoder().decode(SessionState.self, from: try JSONEncoder().encode(full)) == full)
    }
}
