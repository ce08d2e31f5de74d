import Testing

@testable import MqantRPC

/// An identifier is its bytes of UTF-8, as it is at the broker: not what Swift takes for the same text.
@Suite struct IdentifierBytesTests {
    /// Each is one text to Swift, and two names.
    static let spellings = [
        ("\u{e9}", "e\u{301}"), ("\u{212a}itchen", "Kitchen"), ("\u{212b}\u{c5}", "\u{c5}\u{212b}"),
        ("\u{1e9b}\u{323}", "\u{17f}\u{323}\u{307}"),
    ]

    @Test(arguments: spellings) func spellingsAreNamesOfTheirOwn(one: String, other: String) {
        #expect(one == other, "what the test is about")
        let (left, right) = (GroupName(one), GroupName(other))
        #expect(!(left == right))
        #expect(left != right)
        #expect(left == GroupName(String(decoding: Array(one.utf8), as: UTF8.self)))
        #expect(Set([left, right]).count == 2)
        #expect((left < right) == one.utf8.lexicographicallyPrecedes(other.utf8))
        #expect((left > right) == other.utf8.lexicographicallyPrecedes(one.utf8))
        #expect(left.hashValue != right.hashValue)
        #expect(Endpoint.instance(InstanceID(one)) != Endpoint.instance(InstanceID(other)))
    }

    @Test func orderIsThatOfBytes() {
        // By scalars the second comes first, in UTF-16 the third.
        let names = ["", "K", "a", "ab", "\u{e9}", "\u{ffff}", "\u{10000}"].map { QueueName($0) }
        #expect(names.shuffled().sorted() == names)
        for (left, right) in zip(names, names.dropFirst()) { #expect(left < right && !(right < left)) }
    }

    @Test func prefixesAreBytes() {
        #expect("user.\u{301}x".hasBytePrefix("user."))
        #expect(!"user".hasBytePrefix("user."))
        #expect(FunctionOptions.default(for: "Handler_\u{301}").execution == .perSession)
    }

    @Test func aSessionChangesWithTheSpellingOfWhatItHolds() {
        var state = SessionState(id: SessionID(), gate: "g")
        let before = state
        state.settings["k"] = "\u{e9}"
        let composed = state
        state.settings["k"] = "e\u{301}"
        #expect(composed != before && state != composed)
        state = composed
        state.userID = "\u{212a}"
        var other = composed
        other.userID = "K"
        #expect(state != other)
        #expect(state == state && state.hashValue == state.hashValue)
    }
}
