import NIOCore
import Testing

@testable import MqantRPCRabbitMQ

@Suite struct BatchTests {
    private func envelopes() -> [WireEnvelope] {
        var request = WireEnvelope(type: "getRand", content: .json, body: ByteBuffer(string: #"["abc"]"#))
        request.correlationID = "2a"
        request.replyTo = "replies.n1"
        request.timeout = 10_000
        request.appID = "n1"
        request.headers = [.init(name: "topic", value: "ü"), .init(name: "empty", value: "")]
        var reply = WireEnvelope(type: "reply", content: .bytes, body: ByteBuffer(bytes: [0, 255]))
        reply.correlationID = "2a"
        reply.appID = "n1"
        return [request, reply, WireEnvelope(type: "x", content: .json, body: ByteBuffer())]
    }

    @Test func whatIsPutInComesOut() throws {
        var buffer = ByteBuffer()
        for envelope in envelopes() { Batch.append(envelope, isAppIDCommon: false, to: &buffer) }
        var read: [WireEnvelope] = []
        while buffer.readableBytes > 0 { read.append(try #require(Batch.next(in: &buffer, appID: nil))) }
        #expect(read == envelopes())
    }

    @Test func aCommonAppIDIsTheMessages() throws {
        var buffer = ByteBuffer()
        Batch.append(envelopes()[0], isAppIDCommon: true, to: &buffer)
        #expect(Batch.next(in: &buffer, appID: "n1")?.appID == "n1")
    }

    @Test func noBytesOfAnyKindAreATrap() {
        var generator = SystemRandomNumberGenerator()
        var whole = ByteBuffer()
        for envelope in envelopes() { Batch.append(envelope, isAppIDCommon: false, to: &whole) }
        for length in 0..<whole.readableBytes {
            var cut = whole.getSlice(at: 0, length: length) ?? ByteBuffer()
            while cut.readableBytes > 0, Batch.next(in: &cut, appID: nil) != nil {}
        }
        var refused = 0
        for _ in 0..<20_000 {
            var bytes = Array(whole.readableBytesView)
            for _ in 0..<Int.random(in: 1...8, using: &generator) {
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(
                    in: .min ... .max, using: &generator)
            }
            var buffer = ByteBuffer(bytes: bytes)
            while buffer.readableBytes > 0 {
                guard Batch.next(in: &buffer, appID: nil) != nil else {
                    refused += 1
                    break
                }
            }
        }
        #expect(refused > 0)
    }
}
