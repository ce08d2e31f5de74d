import Testing

@testable import MqantConfiguration

@Suite("Text of others in a terminal")
struct TerminalTextTests {
    @Test(
        "nothing forges a line, moves the cursor or turns the direction of writing",
        arguments: [
            ("plain", "plain", "plain"),
            ("a\nERROR forged", #"a\nERROR forged"#, #""a\nERROR forged""#),
            ("\u{1b}[31mred", #"\u{1b}[31mred"#, #""\u{1b}[31mred""#),
            ("\r\t\u{0}\u{7f}", #"\r\t\u{0}\u{7f}"#, #""\r\t\u{0}\u{7f}""#),
            ("\u{9b}31m\u{85}", #"\u{9b}31m\u{85}"#, #""\u{9b}31m\u{85}""#),
            ("\u{202e}evil\u{2066}\u{200f}\u{61c}", #"\u{202e}evil\u{2066}\u{200f}\u{61c}"#, nil),
            ("a\u{2028}b\u{2029}c", #"a\u{2028}b\u{2029}c"#, nil),
            ("ad\u{200b}min\u{feff}", #"ad\u{200b}min\u{feff}"#, nil),
            ("José 聊天 👩‍👩‍👧 🏴󠁧󠁢󠁥󠁮󠁧󠁿", "José 聊天 👩‍👩‍👧 🏴󠁧󠁢󠁥󠁮󠁧󠁿", "\"José 聊天 👩‍👩‍👧 🏴󠁧󠁢󠁥󠁮󠁧󠁿\""),
            ("聊天", "聊天", "聊天"),
            ("", "", "\"\""),
            (#"say "hi""#, #"say "hi""#, #""say \"hi\"""#),
            (#"a\nb"#, #"a\nb"#, #"a\nb"#),
            (#"a\n b"#, #"a\n b"#, #""a\\n b""#),
        ] as [(String, String, String?)])
    func escapes(text: String, line: String, value: String?) {
        #expect(TerminalText.line(text) == line)
        #expect(TerminalText.value(text) == value ?? "\"\(line)\"")
    }

    @Test("lines stay lines where they are meant to")
    func lines() {
        #expect(TerminalText.lines("a\nb\r\n\u{1b}c") == "a\nb\\r\n\\u{1b}c")
    }

    @Test("JSON keeps its meaning")
    func json() {
        #expect(
            TerminalText.json("{\n\t\"é\": \"\u{9b}1m\u{202e}\u{7f}\"\r\n}")
                == "{\n\t\"é\": \"\\u009b1m\\u202e\\u007f\"\r\n}")
        #expect(TerminalText.json("\"\u{e0001}\u{1f600}\"") == "\"\\udb40\\udc01😀\"")
    }

    @Test("tables and what check prints are lines")
    func table() throws {
        var table = TextTable(["A"])
        table.append(["x\ny\u{1b}[2J"])
        #expect(table.lines.last == #"x\ny\u{1b}[2J"#)
        let configuration = try ServerConfiguration(
            text: "{Module: {A: [{Id: 'a', Host: '::1'}]}}", file: "f\u{1b}[2J\n")
        let output = try Placement(configuration, on: Machine(list: "10.0.0.1")).description
        #expect(output.contains(#"f\u{1b}[2J\n"#))
    }
}
