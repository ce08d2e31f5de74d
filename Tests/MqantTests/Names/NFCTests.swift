import Mqant
import MqantRPC
import Testing

/// Names that people type are composed once, and compared by their bytes from then on.
@Suite struct NFCTests {
    @Test(arguments: [
        ("e\u{301}", "\u{e9}"), ("\u{212a}itchen", "Kitchen"), ("\u{1112}\u{1161}\u{11ab}", "\u{d55c}"),
        // Marks in the order of their classes; a composition that is excluded; nothing to do.
        ("a\u{301}\u{323}", "\u{1ea1}\u{301}"), ("\u{958}", "\u{915}\u{93c}"), ("\u{301}x", "\u{301}x"),
        ("k\u{16f}n\u{30c} 1", "k\u{16f}\u{148} 1"), ("plain", "plain"), ("", ""),
    ])
    func composes(text: String, expected: String) {
        #expect(Array(text.nfc.utf8) == Array(expected.utf8))
        #expect(Array(text.nfc.nfc.utf8) == Array(expected.utf8))
    }

    @Test func whatIsNoNameIsLeftAlone() {
        let long = String(repeating: "e\u{301}", count: 400)
        #expect(Array(long.nfc.utf8) == Array(long.utf8))
    }

    @Test func aUsersGroupIsFoundByItsBytes() {
        for id in ["joe", "\u{301}x", "\u{200d}", "."] {
            #expect(GroupName.user(id).userID.map { Array($0.utf8) } == Array(id.utf8))
        }
        for name in ["user", "use\u{301}r.x", "chat.x", ""] { #expect(GroupName(name).userID == nil) }
    }
}
