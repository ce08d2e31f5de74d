import Foundation
import NIOCore
import Testing

@testable import MqantRPC

/// The check that a payload is JSON, against RFC 8259 and against Foundation's parser.
@Suite struct JSONScannerTests {
    private func isValid(_ text: String) -> Bool { JSONScanner.isValid(ByteBuffer(string: text)) }

    @Test(arguments: [
        "{}", "[]", "7", "-0", "0.5e+10", "1E5", "\"\"", "\"x\"", "null", "true", "false", " [1 , 2 ] ",
        "\t{\"a\":1}\r\n",
        #"{"a":{"b":[{}, [], "\u00e9\n\"\\\/"]}}"#, #""é日本😀""#, #"[[[]],{"":""}]"#,
    ])
    func acceptsJSON(text: String) {
        #expect(isValid(text))
    }

    @Test(arguments: [
        "", " ", "{", "}", "[", "]", "[1,]", "[,1]", "{,}", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "{'a':1}",
        "01",
        "1.", ".5", "+1", "-", "1e", "0x10", "NaN", "nul", "truee", "tru", "\"", "\"\\x\"", "\"\\u12g4\"", "\"\\u12",
        "\"\n\"",
        "[1][2]", "1 2", "[1}", "{\"a\":1]", "//c\n1", "\"\u{0}\"", "[1 2]", "{\"a\" 1}", "{1:2}",
    ])
    func refusesWhatIsNotJSON(text: String) {
        #expect(!isValid(text))
    }

    @Test func refusesIllFormedUTF8() {
        for bytes: [UInt8] in [
            [0x22, 0xff, 0x22], [0x22, 0xc0, 0x80, 0x22], [0x22, 0xed, 0xa0, 0x80, 0x22], [0xef, 0xbb, 0xbf, 0x31],
        ] {
            #expect(!JSONScanner.isValid(ByteBuffer(bytes: bytes)))
        }
    }

    @Test func boundsDepth() {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        #expect(isValid(nested(512)))
        #expect(!isValid(nested(513)))
        #expect(!isValid(String(repeating: "[", count: 100_000)))
        #expect(!isValid(String(repeating: #"{"a":"#, count: 100_000)))
    }

    @Test func agreesWithFoundationOnMutatedText() {
        var generator = SeededGenerator(seed: 20_261_122)
        let seedText = Array(#"{"roomName":"abc","say":"h\u00e9 \"x\"","n":[1,-2.5e3,true,null,{}]}"#.utf8)
        var acceptedCount = 0
        for _ in 0..<20_000 {
            var bytes = seedText
            for _ in 0..<Int.random(in: 0...2, using: &generator) {
                let index = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: bytes[index] = UInt8.random(in: 0x20...0x7e, using: &generator)
                case 1: bytes.remove(at: index)
                default: bytes.insert(bytes[Int.random(in: 0..<bytes.count, using: &generator)], at: index)
                }
            }
            let ours = JSONScanner.isValid(ByteBuffer(bytes: bytes))
            if ours { acceptedCount += 1 }
            let theirs = (try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)) != nil
            let text = String(decoding: bytes, as: UTF8.self)
            // Foundation takes a comma before a closing bracket, which RFC 8259 does not know.
            let hasTrailingComma = text.contains(",]") || text.contains(",}")
            if theirs { #expect(ours != hasTrailingComma, "\(text)") }
            // It refuses lone surrogates, and numbers that no type of its own holds.
            if ours, !theirs {
                #expect(text.contains("\\u") || text.contains("e"), "\(text)")
            }
        }
        #expect(acceptedCount > 1000)
    }
}

/// Numbers that are the same in every run (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return value ^ (value >> 31)
    }
}
