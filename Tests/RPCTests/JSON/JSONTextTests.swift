import FoundationEssentials
import MqantTransportContract
import NIOCore
import Testing

@testable import MqantRPC

/// The writer of JSON strings against Foundation's reader.
@Suite("JSONText") struct JSONTextTests {
    private func written(_ text: String) -> ByteBuffer {
        var buffer = ByteBuffer(string: "before")
        JSONText.write(text, to: &buffer)
        buffer.moveReaderIndex(forwardBy: 6)
        return buffer
    }

    private func read(_ buffer: ByteBuffer) throws -> String {
        try JSONDecoder().decode(String.self, from: Data(buffer.readableBytesView))
    }

    @Test func escapesWhatMustBeEscapedAndNothingElse() {
        #expect(String(buffer: written("")) == #""""#)
        #expect(String(buffer: written("a/b'ü😀\u{7f}\u{2028}")) == "\"a/b'ü😀\u{7f}\u{2028}\"")
        #expect(String(buffer: written("\"\\\n\r\t\u{8}\u{c}\u{0}\u{1f}")) == #""\"\\\n\r\t\u0008\u000c\u0000\u001f""#)
    }

    @Test func everyByteBelow128IsReadBack() throws {
        for byte in 0..<128 as Range<UInt8> {
            for text in [
                String(UnicodeScalar(byte)), "a\(UnicodeScalar(byte))b", "\(UnicodeScalar(byte))\(UnicodeScalar(byte))",
            ] {
                #expect(try read(written(text)).unicodeScalars.elementsEqual(text.unicodeScalars))
            }
        }
    }

    @Test(arguments: 1...8 as ClosedRange<UInt64>)
    func anyTextIsReadBack(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<300 {
            var text = String.UnicodeScalarView()
            for _ in 0..<Int.random(in: 0...60, using: &random) {
                let ceiling: UInt32 = [0x22, 0x7f, 0x7ff, 0xffff, 0x10ffff].randomElement(using: &random) ?? 0
                if let scalar = UnicodeScalar(UInt32.random(in: 0...ceiling, using: &random)) { text.append(scalar) }
            }
            #expect(try read(written(String(text))).unicodeScalars.elementsEqual(text))
        }
    }

    @Test func longTextsAreReadBack() throws {
        let text = String(repeating: "line\n", count: 100_000)
        #expect(try read(written(text)) == text)
    }
}
