import Testing

@testable import MqantConfiguration

@Suite("The language of server.conf")
struct ConfigurationParserTests {
    private func parse(_ text: String) throws(ConfigurationError) -> ConfigurationValue {
        try ConfigurationParser.parse(ConfigurationSource(bytes: Array(text.utf8), file: "f"))
    }

    private func json(_ text: String) throws -> String {
        String(decoding: try parse(text).json, as: UTF8.self)
    }

    @Test(
        "reads JSON, and what people add to it",
        arguments: [
            (#"{}"#, #"{}"#),
            (#"[1, -2.5e+3 ,0 , 1E2]"#, #"[1,-2.5e+3,0,1E2]"#),
            (#"{"a":{"b":[true,false,null]}}"#, #"{"a":{"b":[true,false,null]}}"#),
            ("// head\n{ /* in */ \"a\" /**/ : // here\r\n 1, /* last, */ }\n// end", #"{"a":1}"#),
            ("[1,]", "[1]"),
            ("{a: 'it\\'s', $b_1: \"'\"}", #"{"a":"it's","$b_1":"'"}"#),
            (#"["\"\\\/\b\f\n\r\t\u00e9\uD83D\uDE00"]"#, "[\"\\\"\\\\/\\u0008\\u000c\\u000a\\u000d\\u0009é😀\"]"),
            (#"["http://x/*y*/"]"#, #"["http://x/*y*/"]"#),
            ("\u{FEFF}{}", "{}"),
            ("{\"最\": \"大\"}", "{\"最\":\"大\"}"),
            ("7", "7"),
        ])
    func valid(text: String, expected: String) throws {
        #expect(try json(text) == expected)
    }

    @Test(
        "says where the first slip is, and what was expected",
        arguments: [
            ("", "f:1:1: the file is empty: expected '{'"),
            (" // only a comment", "f:1:19: the file is empty: expected '{'"),
            ("{", "f:1:2: the file ends inside the object that begins in line 1, column 1: expected a key or '}'"),
            ("{\n \"a\" 1}", "f:2:6: a: expected ':' after the key, found '1'"),
            ("{\"a\":1\n \"b\":2}", "f:2:2: expected ',' or '}', found '\\\"'"),
            ("{\"a\":[1 2]}", "f:1:9: a: expected ',' or ']', found '2'"),
            ("[1", "f:1:3: the file ends inside the array that begins in line 1, column 1: expected ',' or ']'"),
            ("{,}", "f:1:2: expected a key or '}', found ','"),
            ("[,]", "f:1:2: [0]: expected a value, found ','"),
            ("[1,,2]", "f:1:4: [1]: expected a value, found ','"),
            ("{\"a\":}", "f:1:6: a: expected a value, found '}'"),
            ("{} x", "f:1:4: expected the end of the file after the value, found 'x'"),
            ("{\"a\": True}", "f:1:7: a: expected a value, found the word \"True\"; strings need quotes"),
            ("[01]", "f:1:2: [0]: a number does not begin with 0"),
            ("[+1]", "f:1:2: [0]: expected a value, found '+'"),
            ("[-]", "f:1:3: [0]: expected a digit, found ']'"),
            ("[1.]", "f:1:4: [0]: expected a digit after the decimal point, found ']'"),
            ("[1e]", "f:1:4: [0]: expected a digit of the exponent, found ']'"),
            ("[1x]", "f:1:3: [0]: expected the end of the number, found 'x'"),
            ("[1.2.3]", "f:1:5: [0]: expected the end of the number, found '.'"),
            ("[\"ab\n\"]", "f:1:2: [0]: expected the closing quote of this string before the end of the line"),
            ("[\"ab", "f:1:2: [0]: expected the closing quote of this string, found the end of the file"),
            ("[\"a\\q\"]", "f:1:4: [0]: unknown escape; JSON knows"),
            ("[\"\\", "f:1:3: [0]: unknown escape; JSON knows"),
            ("[\"\\u12g4\"]", "f:1:3: [0]: expected four hexadecimal digits after \\u"),
            ("[\"\\uD800\"]", "f:1:3: [0]: half of a surrogate pair stands alone"),
            ("[\"\\uDC00\\uD800\"]", "f:1:3: [0]: half of a surrogate pair stands alone"),
            ("[\"\\uD800\\u0041\"]", "f:1:3: [0]: half of a surrogate pair stands alone"),
            ("[\"a\tb\"]", "f:1:4: [0]: a control character in a string must be written as \\u0009"),
            ("/* never", "f:1:1: expected '*/' at the end of this comment, found the end of the file"),
            ("{/", "f:1:2: expected a key or '}', found '/'"),
            ("{\n\"a\":1,\n\"b\":{},\n \"a\":2}", "f:4:2: a: this key stands twice in one object (first in line 2)"),
            ("{\"x\":{\"k\":1,k:2}}", "f:1:13: x.k: this key stands twice in one object (first in line 1)"),
            ("{\"a b\":[{\"c\":?}]}", "f:1:14: [\"a b\"][0].c: expected a value, found '?'"),
        ])
    func slips(text: String, expected: String) {
        let error = #expect(throws: ConfigurationError.self) { try parse(text) }
        let first = error?.faults.first?.description ?? ""
        #expect(first.hasPrefix(expected), "\(first)")
        #expect(error?.faults.count == 1)
    }

    @Test("counts columns in characters and lines by any line ending")
    func columns() throws {
        let error = #expect(throws: ConfigurationError.self) { try parse("{\r\n'é':\r'👩‍👩‍👧', e\u{301}x: 1}") }
        // A combining accent is no part of a bare key: the fault stands right behind the e.
        #expect(error?.faults.first?.position == ConfigurationPosition(line: 3, column: 6))
        let value = try parse("{\n  \"é最👩‍👩‍👧\": 7}")
        let source = try ConfigurationSource(bytes: Array("{\n  \"é最👩‍👩‍👧\": 7}".utf8), file: "f")
        let offset = try #require(value["é最👩‍👩‍👧"]?.offset)
        #expect(source.position(at: offset) == ConfigurationPosition(line: 2, column: 10))
        #expect(source.position(at: 1_000_000).line == 2)
        #expect(source.position(at: -5) == ConfigurationPosition(line: 1, column: 1))
    }

    @Test("bounds depth, and reads what is at the bound")
    func depth() throws {
        let most = ConfigurationParser.maximumDepth
        func nested(_ count: Int) -> String {
            String(repeating: "[", count: count) + String(repeating: "]", count: count)
        }
        #expect(try json(nested(most)).utf8.count == 2 * most)
        let error = #expect(throws: ConfigurationError.self) { try parse(nested(most + 1)) }
        #expect(error?.faults.first?.position == ConfigurationPosition(line: 1, column: most + 1))
        #expect(throws: ConfigurationError.self) { try parse(String(repeating: "{\"a\":", count: 100_000)) }
    }

    @Test("refuses what is too large or not UTF-8")
    func encoding() {
        func fault(_ bytes: [UInt8]) -> String? {
            do {
                _ = try ConfigurationSource(bytes: bytes, file: "f")
                return nil
            } catch {
                return error.faults.first?.description
            }
        }
        #expect(fault([UInt8](repeating: 32, count: ConfigurationSource.maximumSize)) == nil)
        #expect(fault([UInt8](repeating: 32, count: ConfigurationSource.maximumSize + 1))?.contains("larger") == true)
        #expect(fault([0xFF, 0xFE, 0x7B, 0]) == "f: the file is UTF-16; save it as UTF-8")
        let bad = fault(Array("{\n\"é".utf8) + [0xC3, 0x28])
        #expect(bad == "f:2:3: the byte 0xC3 is not valid UTF-8; save the file as UTF-8")
    }

    @Test("ends at any text whatever, with a value or a fault")
    func garbage() {
        let alphabet = Array("{}[]\",:'\\/*-+.0e1tu\n x${é".unicodeScalars)
        var generator = SplitMix64(state: 7)
        var refused = 0
        for _ in 0..<20_000 {
            var text = ""
            for _ in 0..<Int.random(in: 0..<24, using: &generator) {
                text.unicodeScalars.append(alphabet[Int.random(in: 0..<alphabet.count, using: &generator)])
            }
            do throws(ConfigurationError) {
                let value = try parse(text)
                // What was read can be written and read again.
                #expect(throws: Never.self) { try parse(String(decoding: value.json, as: UTF8.self)) }
            } catch {
                refused += 1
                let position = error.faults.first?.position
                #expect(position.map { $0.line >= 1 && $0.column >= 1 } == true)
            }
        }
        #expect(refused > 10_000)
    }
}

/// A small generator with a seed, so that a failure comes back.
private struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
