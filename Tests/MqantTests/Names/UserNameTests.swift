import Mqant
import Testing

/// Which texts are names of users.
@Suite struct UserNameTests {
    @Test(arguments: [
        "Ada", "ada lovelace", "Ren\u{e9}", "李雷", "Олег", "محمد", "משה", "👩\u{200d}🚀", "❤\u{fe0f}", "a❤\u{fe0f}", "1️⃣",
        "-", ".",
        // Persian writes a joiner between these.
        "می\u{200c}خواهم",
        // Whatever a combining mark combines with, its bytes are a name.
        "\u{301}x", String(repeating: "a", count: 128), String(repeating: "é", count: 64),
    ])
    func theseAreNames(text: String) throws {
        #expect(try UserName(text).text == text.nfc)
    }

    @Test(arguments: [
        ("", UserName.Fault.empty), (" ", .blank), ("\u{3000}\u{3000}", .blank), ("\u{3164}", .blank),
        ("\u{2800}", .blank),
        ("\u{200d}", .blank), ("\u{fe0f}", .blank), (" Ada", .blankEnd), ("Ada ", .blankEnd), ("Ada\u{a0}", .blankEnd),
        ("Ada\u{3164}", .blankEnd), ("Ada\u{200d}", .blankEnd), ("\u{200c}Ada", .blankEnd), ("Ada\u{fe0f}", .blankEnd),
        ("1\u{fe0f}", .blankEnd), ("Ada\0", .forbiddenCharacter), ("\0", .forbiddenCharacter),
        ("a\nb", .forbiddenCharacter), ("a\tb", .forbiddenCharacter), ("a\u{1b}[2Jb", .forbiddenCharacter),
        ("a\u{7f}b", .forbiddenCharacter), ("a\u{85}b", .forbiddenCharacter), ("\u{202e}adA", .forbiddenCharacter),
        ("a\u{2066}b", .forbiddenCharacter), ("a\u{200e}b", .forbiddenCharacter), ("a\u{200b}b", .forbiddenCharacter),
        ("a\u{2028}b", .forbiddenCharacter), ("a\u{feff}b", .forbiddenCharacter), ("a\u{ad}b", .forbiddenCharacter),
        ("a\u{e0041}b", .forbiddenCharacter), (String(repeating: "a", count: 129), .tooLong),
        (String(repeating: "é", count: 65), .tooLong), (String(repeating: "\u{202e}", count: 100_000), .tooLong),
    ])
    func theseAreNone(text: String, fault: UserName.Fault) {
        #expect(throws: fault) { try UserName(text) }
    }

    @Test func aNameHasOneSpelling() throws {
        let apart = try UserName("Rene\u{301}")
        #expect(apart.text.unicodeScalars.count == 4)
        #expect(try apart == UserName("Ren\u{e9}"))
        #expect(try apart != UserName("Rene"))
    }
}
