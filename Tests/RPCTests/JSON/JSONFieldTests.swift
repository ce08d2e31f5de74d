import FoundationEssentials
import NIOCore
import Testing

@testable import MqantRPC

/// One member of a payload, as Foundation's decoder would have it.
@Suite struct JSONFieldTests {
    private struct Room: Decodable {
        var room: String?
    }

    @Test(arguments: [
        #"[{"room":"abc"}]"#, #" [ { "a" : [1, {"room":"inner"}], "room" : "abc" } ] "#, #"[{"room":"a","room":"b"}]"#,
        #"[{"room":"\u00e9\n\"x\""}]"#, #"[{"roo\u006d":"abc"}]"#, #"[{"ROOM":"abc"}]"#, #"[{"room":null}]"#, "[{}]",
        #"[{"x":"room","y":"\\"}]"#, #"[{"":"","room":""}]"#, #"[{"room":"žluť 🐴"}]"#,
    ])
    func agreesWithFoundation(_ arguments: String) throws {
        let decoded = try JSONDecoder().decode([Room].self, from: Data(arguments.utf8)).first?.room
        #expect(JSONField.string("room", ofFirstElementIn: ByteBuffer(string: arguments)) == decoded)
    }

    @Test(arguments: [
        "", "[]", "[1]", #"["room"]"#, #"{"room":"a"}"#, #"[{"room":1}]"#, #"[{"room":"#, #"[{"room":"a"#,
    ])
    func isNilWhereThereIsNone(_ arguments: String) {
        #expect(JSONField.string("room", ofFirstElementIn: ByteBuffer(string: arguments)) == nil)
    }

    @Test func readsWholeNumbers() {
        let arguments = ByteBuffer(string: #"[{"a":7,"b":-12,"c":1.5,"d":"7","e":99999999999999999999}]"#)
        let numbers = ["a", "b", "c", "d", "e"].map { JSONField.int($0, ofFirstElementIn: arguments) }
        #expect(numbers == [7, -12, nil, nil, nil])
    }
}
