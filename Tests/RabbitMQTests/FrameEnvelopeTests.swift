import Testing

@testable import MqantRabbitMQ

struct FrameEnvelopeTests {
    private func read(_ bytes: [UInt8]) throws -> FrameEnvelope? {
        try bytes.withUnsafeBytes { bytes in
            Result { try FrameEnvelope(reading: bytes, frameMaximum: 4096) }
        }.get()
    }

    @Test func whatIsWrittenIsRead() throws {
        for kind in [FrameEnvelope.Kind.method, .header, .body] {
            for size in [14, 4088] {
                var bytes = [UInt8](repeating: 0, count: 7)
                bytes.withUnsafeMutableBytes {
                    guard let base = $0.baseAddress else { return }
                    FrameEnvelope.write(kind, channel: 513, payloadSize: size, to: base)
                }
                let envelope = try #require(try read(bytes))
                #expect(envelope.kind == kind)
                #expect(envelope.channel == 513)
                #expect(envelope.payloadSize == size)
            }
        }
    }

    @Test func aHeaderCutShortIsNotAHeader() throws {
        for count in 0..<7 { #expect(try read(Array(repeating: 1, count: count)) == nil) }
    }

    @Test(arguments: [
        [0, 0, 0, 0, 0, 0, 0], [4, 0, 0, 0, 0, 0, 0], [255, 0, 0, 0, 0, 0, 0], [3, 0, 0, 0, 0, 0x0F, 0xF9],
        [3, 0, 0, 255, 255, 255, 255], [1, 0, 0, 0, 0, 0, 3], [2, 0, 0, 0, 0, 0, 13], [8, 0, 0, 0, 0, 0, 1],
    ])
    func impossibleHeadersAreRefused(bytes: [UInt8]) {
        #expect(throws: RabbitMQError.self) { try read(bytes) }
    }
}
