/// Texts that are JSON, nearly JSON, or damaged; the same for the same seed.
struct RandomJSON {
    private var generator: SeededGenerator

    private static let keys = ["a", "b", "c", "d", "e", "f", "x", "y", "_0", "ä"]

    /// The first five are common.
    private static let strings = [
        #""""#, #""x""#, #""hello you""#, #""b""#, #""\n\t\"\\\/\b\f\r""#, #""\u0041\u00e9\u4e2d""#,
        #""\ud83d\ude00""#, #""\ud83d""#, #""\udc00x""#, "\"é\"", "\"e\u{301}\"", "\"😀\"", #""\u0000""#, #""a""#,
        #""c""#,
        #""https://a/b""#, #""aGk=""#, "\"\u{7f}\"", "\"\u{2028}\"", #""\x""#, #""\u12""#, "\"\u{1}\"", "\"open",
    ]
    /// The first five are common.
    private static let numbers = [
        "0", "1", "-1", "17", "127", "-0", "128", "-128", "-129", "255", "256", "65535", "65536", "2147483648",
        "9223372036854775807", "9223372036854775808", "-9223372036854775808", "18446744073709551615",
        "18446744073709551616", "1.0", "1.5", "-1.25", "0.1", "3.14159", "1e2", "1E+2", "1e-2", "1.0e0",
        "100000000000000000000", "123456789012345", "0.000001", "1e400", "1e-400", "01", "1.", ".5", "+1", "-", "1e",
        "0x1", "NaN", "9007199254740993", "123456789.123456", "999999999999999", "0.30000000000000004", "-0.0",
        "1234567890123456.7", "3.4028235e38", "0.1234567890123",
    ]
    private static let words = ["true", "false", "null", "null", "tru", "nul", "True", ""]

    init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    private mutating func random(_ count: Int) -> Int { Int.random(in: 0..<count, using: &generator) }

    private mutating func one(of texts: [String], common: Int) -> String {
        texts[random(random(12) == 0 ? texts.count : common)]
    }

    /// The next text.
    mutating func next() -> [UInt8] {
        var bytes = Array((random(2) == 0 ? fitting() : value(depth: 0)).utf8)
        guard random(10) == 0, !bytes.isEmpty else { return bytes }
        let index = random(bytes.count)
        switch random(3) {
        case 0: bytes[index] = UInt8(random(256))
        case 1: bytes.remove(at: index)
        default: bytes.removeSubrange(index...)
        }
        return bytes
    }

    /// An object that fits a flat type, or nearly.
    private mutating func fitting() -> String {
        let isNumeric = random(3) == 0
        var members = [
            ("a", isNumeric ? one(of: Self.numbers, common: 5) : one(of: Self.strings, common: 5)),
            ("b", random(isNumeric ? 2 : 8) > 0 ? one(of: Self.numbers, common: 5) : one(of: Self.strings, common: 5)),
        ]
        if !isNumeric { members.append(("c", random(2) == 0 ? "true" : "false")) }
        for key in ["d", "f"] where random(4) > 0 { members.append((key, one(of: Self.numbers, common: 5))) }
        if random(2) == 0 {
            members.append(("e", isNumeric ? one(of: Self.numbers, common: 5) : one(of: Self.strings, common: 5)))
        }
        if random(8) == 0 { members.append((Self.keys[random(Self.keys.count)], value(depth: 2))) }
        if random(8) == 0 { members.remove(at: random(members.count)) }
        members.shuffle(using: &generator)
        return "{" + members.map { "\"\($0)\":" + $1 }.joined(separator: random(4) == 0 ? " ,\n" : ",") + "}"
    }

    private mutating func value(depth: Int) -> String {
        switch random(depth > 4 ? 6 : 10) {
        case 0, 1: one(of: Self.strings, common: 5)
        case 2, 3: one(of: Self.numbers, common: 5)
        case 4, 5: Self.words[random(random(10) == 0 ? Self.words.count : 4)]
        case 6, 7:
            list("{", "}", count: random(20) == 0 ? 40 : random(7)) { random in
                let key = random.random(200) == 0 ? #"\u0061"# : Self.keys[random.random(Self.keys.count)]
                return "\"\(key)\"" + random.space() + ":" + random.space() + random.value(depth: depth + 1)
            }
        default: list("[", "]", count: random(5)) { $0.value(depth: depth + 1) }
        }
    }

    private mutating func list(
        _ start: String, _ end: String, count: Int, _ element: (inout RandomJSON) -> String
    ) -> String {
        var elements: [String] = []
        for _ in 0..<count { elements.append(element(&self)) }
        let last = random(200) == 0 ? "," : ""
        return start + space() + elements.joined(separator: "," + space()) + last + space() + end
    }

    private mutating func space() -> String { random(12) == 0 ? [" ", "\n", "\t ", "\r\n"][random(4)] : "" }
}
