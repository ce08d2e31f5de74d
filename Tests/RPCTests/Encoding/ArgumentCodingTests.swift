import NIOCore
import Testing

@testable import MqantRPC

/// Arguments and results as JSON.
@Suite("ArgumentCoding") struct ArgumentCodingTests {
    private struct Say: Codable, Sendable, Equatable {
        var roomName: String
        var say: String?
    }

    private enum Color: String, Codable, Sendable { case red }

    private func request(_ json: String) -> RPCRequest {
        RPCRequest(function: "f", payload: .json(ByteBuffer(string: json)))
    }

    private func text(_ payload: Payload) -> String { String(buffer: payload.buffer) }

    @Test func argumentsAreAnArray() throws {
        #expect(text(try ArgumentCoding.encode()) == "[]")
        #expect(text(try ArgumentCoding.encode(arguments: "a")) == #"["a"]"#)
        #expect(text(try ArgumentCoding.encode(arguments: 1, true, Double?.none, [1, 2])) == "[1,true,null,[1,2]]")
        #expect(
            text(try ArgumentCoding.encode(arguments: "/", Say(roomName: "a/b", say: nil)))
                == #"["/",{"roomName":"a/b"}]"#)
    }

    @Test func anyNumberOfArgumentsIsRead() throws {
        try ArgumentCoding.decode((), from: request("[]"))
        #expect(try ArgumentCoding.decode((Int.self), from: request("[7]")) == 7)
        let three = try ArgumentCoding.decode(
            (String.self, Say.self, [Int].self), from: request(#"["a",{"roomName":"r"},[1]]"#))
        #expect(three == ("a", Say(roomName: "r", say: nil), [1]))
        let eight = try ArgumentCoding.decode(
            (Int.self, Int.self, Int.self, Int.self, Int.self, Int.self, Int.self, String.self),
            from: request(#"[1,2,3,4,5,6,7,"8"]"#))
        #expect(eight.6 == 7)
        #expect(eight.7 == "8")
    }

    @Test func whatIsWrittenIsRead() throws {
        let payload = try ArgumentCoding.encode(
            arguments: "ü\"\\\n\u{0}😀/", Say(roomName: "漢", say: "s"), -0.1, UInt64.max)
        let back = try ArgumentCoding.decode(
            (String.self, Say.self, Double.self, UInt64.self), from: RPCRequest(function: "f", payload: payload))
        #expect(back == ("ü\"\\\n\u{0}😀/", Say(roomName: "漢", say: "s"), -0.1, .max))
    }

    @Test func nullIsForOptionalArgumentsOnly() throws {
        let two = try ArgumentCoding.decode((String?.self, Int?.self), from: request(#"[null,1]"#))
        #expect(two == (nil, 1))
        #expect(throws: RPCError.self) { try ArgumentCoding.decode((String.self), from: request("[null]")) }
    }

    struct Fault: Sendable, CustomTestStringConvertible {
        var json: String
        var text: String
        init(_ json: String, _ text: String) { (self.json, self.text) = (json, text) }
        var testDescription: String { json }
    }

    /// What a client's author reads, word for word.
    @Test(arguments: [
        Fault("[]", "f: too few arguments"),
        Fault(#"["a"]"#, "f: too few arguments"),
        Fault(#"["a",{"roomName":"r"},1]"#, "f: too many arguments"),
        Fault(#"[7,{"roomName":"r"}]"#, "f: must be a string"),
        Fault(#"[null,{"roomName":"r"}]"#, "f: must be a string, not null"),
        Fault(#"["a",{"roomName":7}]"#, "f: roomName must be a string"),
        Fault(#"["a",{"roomName":null}]"#, "f: roomName must be a string, not null"),
        Fault(#"["a",{}]"#, "f: roomName is missing"),
        Fault(#"["a","x"]"#, "f: must be an object"),
        Fault(#"["a",[1]]"#, "f: must be an object"),
        Fault(#"{"roomName":"r"}"#, "f: must be an array"),
        Fault("7", "f: must be an array"),
        Fault(#""x""#, "f: must be an array"),
    ])
    func faultsAreTold(_ fault: Fault) throws {
        let error = try #require(throws: RPCError.self) {
            try ArgumentCoding.decode((String.self, Say.self), from: request(fault.json))
        }
        #expect(error.code == .invalidArguments)
        #expect(error.outcome == .answered)
        #expect(error.message == fault.text)
    }

    @Test(arguments: ["", " ", "[", "[1,", "]", "[1]]", "[1] x", "{", #"["\q"]"#, "[\u{1}]", "nul"])
    func whatIsNotJSONIsTold(_ json: String) throws {
        let error = try #require(throws: RPCError.self) {
            try ArgumentCoding.decode((Int.self), from: request(json))
        }
        #expect(error.code == .invalidArguments)
        #expect(error.message.hasPrefix("f: "))
        #expect(!error.message.contains("DecodingError"), "\(error.message)")
        #expect(!error.message.contains("Swift"), "\(error.message)")
    }

    @Test func numbersThatDoNotFitAreTold() throws {
        for json in ["[300]", "[-1]", "[1.5]", "[1e99]"] {
            let error = try #require(throws: RPCError.self) {
                try ArgumentCoding.decode((UInt8.self), from: request(json))
            }
            #expect(error.code == .invalidArguments)
        }
    }

    @Test func unknownCasesAreTold() throws {
        #expect(throws: RPCError.self) { try ArgumentCoding.decode((Color.self), from: request(#"["blue"]"#)) }
        let red: Color = try ArgumentCoding.decode((Color.self), from: request(#"["red"]"#))
        #expect(red == .red)
    }

    @Test func deepNestingIsAnErrorAndNoCrash() {
        struct Nested: Decodable, Sendable { var inner: [Nested]? }
        for depth in [600, 100_000] {
            let json = "[" + String(repeating: "[", count: depth) + String(repeating: "]", count: depth) + "]"
            #expect(throws: RPCError.self) { try ArgumentCoding.decode((Nested.self), from: request(json)) }
        }
    }

    @Test func bytesAreNoArguments() throws {
        let bytes = RPCRequest(function: "f", payload: .bytes(ByteBuffer(string: "[1]")))
        let error = try #require(throws: RPCError.self) { try ArgumentCoding.decode((Int.self), from: bytes) }
        #expect(error.code == .invalidArguments)
        #expect(error.message == "f takes JSON, not bytes")
    }

    @Test func whatJSONCannotSayIsRefusedBeforeItIsSent() throws {
        let error = try #require(throws: RPCError.self) { try ArgumentCoding.encode(arguments: 1, Double.infinity) }
        #expect(error.code == .invalidArguments)
        #expect(error.isSafeToResend)
    }

    @Test func resultsAreOneValue() throws {
        #expect(text(try ArgumentCoding.encode(result: "a\"b")) == #""a\"b""#)
        #expect(text(try ArgumentCoding.encode(result: 7)) == "7")
        #expect(text(try ArgumentCoding.encode(result: Int?.none)) == "null")
        #expect(try ArgumentCoding.decode(result: Int?.self, from: ArgumentCoding.null) == nil)
        #expect(
            try ArgumentCoding.decode(result: Say.self, from: .json(ByteBuffer(string: #"{"roomName":"r"}"#))).roomName
                == "r")
        for payload in [ArgumentCoding.null, .bytes(ByteBuffer(string: "7")), .json(ByteBuffer(string: "x"))] {
            let error = try #require(throws: RPCError.self) {
                try ArgumentCoding.decode(result: Int.self, from: payload)
            }
            #expect(error.code == .invalidResult)
            #expect(error.outcome == .answered)
        }
        #expect(
            try #require(throws: RPCError.self) { try ArgumentCoding.encode(result: Double.nan) }.code == .invalidResult
        )
    }
}
