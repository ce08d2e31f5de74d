import Testing

@testable import MqantRPC

@Suite struct GroupNameTests {
    @Test(arguments: [
        ("@Chat/lobby", "Chat", "lobby"), ("@Chat/", "Chat", ""), ("@/x", "", "x"), ("@Chat/a/b", "Chat", "a/b"),
        ("@Chat", nil, "@Chat"), ("room", nil, "room"), ("", nil, ""), ("a@Chat/b", nil, "a@Chat/b"),
        // A combining mark behind the sign, or the slash, makes another character, and no other byte.
        ("@Chat/\u{301}x", "Chat", "\u{301}x"), ("@\u{301}/x", "\u{301}", "x"),
    ]) func saysWhoOwnsIt(text: String, type: String?, key: String) {
        let group = GroupName(text)
        #expect(group.ownerType == type.map { ModuleType($0) })
        #expect(group.key.hasSameBytes(as: key))
    }

    @Test func isMadeOfTypeAndKey() {
        let group = GroupName.owned(by: "Chat", key: "žluť/1")
        #expect(group == "@Chat/žluť/1")
        #expect(group.ownerType == "Chat")
        #expect(group.key == "žluť/1")
    }
}
