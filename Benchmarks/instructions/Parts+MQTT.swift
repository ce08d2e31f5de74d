import MqantMQTT
import NIOCore

extension Parts {
    private static let payload = ByteBuffer(string: #"{"roomName":"room17","say":"hello, how are you all today?"}"#)

    static let mqtt = [
        Part(name: "mqtt: decode a PUBLISH") { times in
            let packet = try publish()
            var decoder = PacketDecoder(maximumPacketSize: 65536)
            for _ in 0..<times {
                var buffer = packet
                take(try decoder.next(from: &buffer))
            }
        },
        Part(name: "mqtt: encode a PUBLISH") { times in
            let topic = try TopicName("Chat/OnSay")
            var buffer = ByteBufferAllocator().buffer(capacity: 4096)
            for _ in 0..<times {
                buffer.clear()
                try PacketEncoder.writePublish(topic: topic, payload: payload, into: &buffer)
            }
            take(buffer)
        },
        Part(name: "mqtt: take a PUBLISH in a session") { times in
            var session = ServerSession()
            var replies = ByteBufferAllocator().buffer(capacity: 4096)
            var decoder = PacketDecoder(maximumPacketSize: 65536)
            var hello = ByteBuffer(bytes: [
                0x10, 0x0d, 0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 2, 0, 60, 0, 1, 0x61,
            ])
            guard let connect = try decoder.next(from: &hello) else { return }
            take(try session.receive(connect, replies: &replies))
            try session.accept(replies: &replies)
            var bytes = try publish()
            guard let packet = try decoder.next(from: &bytes) else { return }
            for _ in 0..<times {
                replies.clear()
                take(try session.receive(packet, replies: &replies))
            }
        },
    ]

    private static func publish() throws -> ByteBuffer {
        var buffer = ByteBuffer()
        try PacketEncoder.writePublish(
            topic: TopicName("Chat/Handler_Say/4711"), payload: payload, delivery: .atLeastOnce(.first), into: &buffer)
        return buffer
    }
}
