import MqantMQTT
import NIOCore
import Testing

@Suite struct TopicTests {
    static let illFormed: [[UInt8]] = [
        [0x80], [0xBF], [0xC0, 0x80], [0xC1, 0xBF], [0xC2], [0xC2, 0x41], [0xE0, 0x80, 0x80], [0xE0, 0x9F, 0xBF],
        [0xE1, 0x80], [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF], [0xF0, 0x80, 0x80, 0x80], [0xF0, 0x8F, 0xBF, 0xBF],
        [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xFE], [0xFF], [0x61, 0xE2, 0x82], [0xF1, 0x80, 0x80],
    ]

    @Test(arguments: [
        "a", "/", "a/b/c", "//", " ", "$SYS/x", "Chat/Handler_Say/1", "聊天/室", "\u{FEFF}", "\u{10FFFF}",
        "\u{D7FF}\u{E000}\u{80}\u{7FF}\u{800}\u{FFFF}\u{10000}",
    ])
    func validNames(_ text: String) throws {
        let name = try TopicName(text)
        #expect(Array(name.string.utf8) == Array(text.utf8))
        #expect(Array(name.bytes.readableBytesView) == Array(text.utf8))
        #expect(name.compacted() == name)
        #expect(try TopicFilter(text).string == text)
    }

    @Test func invalidNames() {
        expect(.emptyTopic) { () throws(MQTTError) in try TopicName("") }
        expect(.nulCharacter) { () throws(MQTTError) in try TopicName("a\0") }
        for text in ["+", "#", "a/+", "a/#", "a+", "#a"] {
            expect(.wildcardInTopic, text) { () throws(MQTTError) in try TopicName(text) }
        }
        for bytes in Self.illFormed {
            expect(.illFormedUTF8, "\(bytes)") { () throws(MQTTError) in try TopicName(ByteBuffer(bytes: bytes)) }
            expect(.illFormedUTF8, "\(bytes)") { () throws(MQTTError) in try TopicFilter(ByteBuffer(bytes: bytes)) }
        }
    }

    /// A single bad byte is found wherever it stands in a name of any length: the scan goes by words where it can.
    @Test func everyPosition() throws {
        for length in 1...20 {
            let good = Array(repeating: UInt8(ascii: "x"), count: length)
            #expect(try TopicName(ByteBuffer(bytes: good)).string.utf8.count == length)
            for position in 0..<length {
                let bad: [(UInt8, MQTTError.Code)] = [
                    (0, .nulCharacter), (0x2B, .wildcardInTopic), (0x23, .wildcardInTopic), (0x80, .illFormedUTF8),
                    (0xFF, .illFormedUTF8), (0xC3, .illFormedUTF8),
                ]
                for (byte, code) in bad {
                    var bytes = good
                    bytes[position] = byte
                    expect(code, "\(byte) at \(position) of \(length)") { () throws(MQTTError) in
                        try TopicName(ByteBuffer(bytes: bytes))
                    }
                }
                for byte in UInt8(1)...0x7F where byte != 0x2B && byte != 0x23 {
                    var bytes = good
                    bytes[position] = byte
                    if (try? TopicName(ByteBuffer(bytes: bytes))) == nil { Issue.record("\(byte) at \(position)") }
                }
            }
        }
    }

    @Test func lengths() throws {
        let longest = String(repeating: "x", count: 65_535)
        #expect(try TopicName(longest).bytes.readableBytes == 65_535)
        #expect(try TopicFilter(longest).bytes.readableBytes == 65_535)
        expect(.topicTooLong) { () throws(MQTTError) in try TopicName(longest + "x") }
        expect(.topicTooLong) { () throws(MQTTError) in try TopicFilter(longest + "x") }
    }

    @Test(arguments: ["#", "+", "a/#", "a/+", "+/a", "a/+/b", "+/+", "+/#", "/+", "/#", "+/", "/", "a", "+/b/#"])
    func validFilters(_ text: String) throws {
        #expect(try TopicFilter(text).string == text)
    }

    @Test(arguments: ["a#", "#a", "#/", "#/a", "a/#/b", "a+", "+a", "a/b+", "a/+b/c", "++", "+#", "##", "a/#b", "é+"])
    func invalidFilters(_ text: String) {
        expect(.invalidFilter, text) { () throws(MQTTError) in try TopicFilter(text) }
    }

    @Test func filtersWithoutText() {
        expect(.emptyTopic) { () throws(MQTTError) in try TopicFilter("") }
        expect(.nulCharacter) { () throws(MQTTError) in try TopicFilter("+/\0") }
    }

    /// §4.7.3: topics are compared byte for byte, though Swift holds these two strings equal.
    @Test func noNormalisation() throws {
        let composed = "\u{E9}"
        let decomposed = "e\u{301}"
        #expect(composed == decomposed)
        #expect(try TopicName(composed) != TopicName(decomposed))
    }

    @Test func equalityIgnoresWhereTheBytesLie() throws {
        var buffer = ByteBuffer(string: "xxabcxx")
        buffer.moveReaderIndex(forwardBy: 2)
        let slice = buffer.readSlice(length: 3)
        let sliced = try TopicName(#require(slice))
        #expect(try sliced == TopicName("abc"))
        #expect(try Set([sliced]).contains(TopicName("abc")))
    }

    /// Every scalar there is passes but U+0000 and the two wildcards: 8192 of them a name.
    @Test func everyScalar() throws {
        for block in stride(from: UInt32(0), to: 0x110000, by: 0x2000) {
            let scalars = (block..<block + 0x2000).compactMap(Unicode.Scalar.init)
            let text = String(String.UnicodeScalarView(scalars.filter { !["\0", "+", "#"].contains($0) }))
            if text.isEmpty { continue }
            #expect(try TopicName(text).string.utf8.elementsEqual(text.utf8), "from U+\(String(block, radix: 16))")
        }
    }
}

/// Expects `body` to throw an error of `code`.
func expect<Value>(
    _ code: MQTTError.Code, _ comment: String = "", at location: SourceLocation = #_sourceLocation,
    _ body: () throws(MQTTError) -> Value
) {
    do throws(MQTTError) {
        _ = try body()
        Issue.record("no error, expected \(code) \(comment)", sourceLocation: location)
    } catch {
        #expect(error.code == code, "\(comment)", sourceLocation: location)
    }
}
