import Testing

@testable import MqantAccounts

/// Passwords and their hashes, as values.
@Suite struct PasswordTests {
    /// Cheap enough for tests: 1 MiB.
    private static let cost = ScryptCost(logN: 10)

    @Test func aHashIsOfItsPasswordAlone() throws {
        let hash = try PasswordHash(of: Password("correct horse"), cost: Self.cost)
        #expect(try hash.matches(Password("correct horse")))
        for wrong in ["correct horse ", "Correct horse", "", String(repeating: "x", count: 1024)] {
            #expect(try !hash.matches(Password(wrong)))
        }
    }

    @Test func twoHashesOfOnePasswordDiffer() throws {
        let (one, other) = try (0..<2).map { _ in try PasswordHash(of: Password("same"), cost: Self.cost) }.pair
        #expect(one.salt != other.salt)
        #expect(one.key != other.key)
    }

    @Test func theEmptyPasswordHasAHashToo() throws {
        let hash = try PasswordHash(of: Password(""), cost: Self.cost)
        #expect(try hash.matches(Password("")))
        #expect(try !hash.matches(Password("x")))
    }

    /// RFC 7914 §12: scrypt (P="password", S="NaCl", N=1024, r=8, p=16, dkLen=64).
    @Test func itIsScrypt() throws {
        let key = [
            0xfd, 0xba, 0xbe, 0x1c, 0x9d, 0x34, 0x72, 0x00, 0x78, 0x56, 0xe7, 0x19, 0x0d, 0x01, 0xe9, 0xfe, 0x7c, 0x6a,
            0xd7, 0xcb, 0xc8, 0x23, 0x78, 0x30, 0xe7, 0x73, 0x76, 0x63, 0x4b, 0x37, 0x31, 0x62, 0x2e, 0xaf, 0x30, 0xd9,
            0x2e, 0x22, 0xa3, 0x88, 0x6f, 0xf1, 0x09, 0x27, 0x9d, 0x98, 0x30, 0xda, 0xc7, 0x27, 0xaf, 0xb9, 0x4a, 0x83,
            0xee, 0x6d, 0x83, 0x60, 0xcb, 0xdf, 0xa2, 0xcc, 0x06, 0x40,
        ].map(UInt8.init)
        let cost = try #require(ScryptCost(logN: 10, blockSize: 8, parallelism: 16))
        let hash = PasswordHash(cost: cost, salt: Array("NaCl".utf8), key: key)
        #expect(try hash.matches(Password("password")))
        #expect(try !hash.matches(Password("passwore")))
    }

    @Test func aHashIsItsText() throws {
        let hash = try PasswordHash(of: Password("secret"), cost: Self.cost)
        #expect(hash.text.hasPrefix("$scrypt$ln=10,r=8,p=1$"))
        #expect(!hash.text.contains("=" + "="))
        let again = try #require(PasswordHash(hash.text))
        #expect(again == hash)
        #expect(try again.matches(Password("secret")))
    }

    @Test(arguments: [
        "", "$", "secret", "$scrypt", "$scrypt$ln=10,r=8,p=1", "$scrypt$ln=10,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$",
        "$argon2id$ln=10,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
        "$scrypt$ln=,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
        "$scrypt$r=8,ln=10,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
        "$scrypt$ln=10,r=8$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
        "$scrypt$ln=-1,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
        // More memory, or more time, than anybody asked for.
        "$scrypt$ln=21,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
        "$scrypt$ln=20,r=32,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
        "$scrypt$ln=10,r=8,p=17$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
        "$scrypt$ln=99999999999999999999,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
        "$scrypt$ln=10,r=8,p=1$AAAA$AAAAAAAAAAAAAAAAAAAAAA", "$scrypt$ln=10,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAA",
        "$scrypt$ln=10,r=8,p=1$AAAAAAAAAAAAAAAAAAAA!A$AAAAAAAAAAAAAAAAAAAAAA",
        "$scrypt$ln=10,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA$",
        "$scrypt$ln=10,r=8,p=1$" + String(repeating: "A", count: 300) + "$AAAAAAAAAAAAAAAAAAAAAA",
    ])
    func textThatIsNoHashIsNone(text: String) {
        #expect(PasswordHash(text) == nil)
    }

    @Test func passwordsHaveBounds() throws {
        _ = try Password("")
        _ = try Password(String(repeating: "é", count: 512))
        #expect(throws: Password.Fault.tooLong) { try Password(String(repeating: "é", count: 513)) }
        #expect(throws: Password.Fault.tooLong) { try Password(String(repeating: "x", count: 1 << 20)) }
        #expect(throws: Password.Fault.tooShort) { try Password(new: "1234567") }
        #expect(throws: Password.Fault.tooShort) { try Password(new: String(repeating: "e\u{301}", count: 7)) }
        #expect(throws: Password.Fault.tooLong) { try Password(new: String(repeating: "x", count: 1025)) }
        #expect(throws: Password.Fault.zeroByte) { try Password("correct horse\0") }
        _ = try Password(new: "12345678")
    }

    @Test func aPasswordHasOneSpelling() throws {
        let hash = try PasswordHash(of: Password("cafe\u{301}-secret"), cost: Self.cost)
        #expect(try hash.matches(Password("caf\u{e9}-secret")))
    }

    @Test func keysAreComparedWhole() {
        #expect(PasswordHash.areEqual([1, 2, 3], [1, 2, 3]))
        #expect(!PasswordHash.areEqual([1, 2, 3], [1, 2, 4]))
        #expect(!PasswordHash.areEqual([1, 2, 3], [0, 2, 3]))
        #expect(!PasswordHash.areEqual([1, 2, 3], [1, 2]))
    }
}

extension [PasswordHash] {
    fileprivate var pair: (PasswordHash, PasswordHash) { (self[0], self[1]) }
}
