import NIOCore

@testable import MqantRPCRabbitMQ

extension Parts {
    static let broker = [
        Part(name: "broker: put an envelope into a batch") { times in
            let envelope = envelope()
            var batch = ByteBufferAllocator().buffer(capacity: Batch.maximumBytes)
            for _ in 0..<times {
                batch.clear()
                Batch.append(envelope, isAppIDCommon: true, to: &batch)
            }
            take(batch)
        },
        Part(name: "broker: take an envelope out of a batch") { times in
            var batch = ByteBuffer()
            Batch.append(envelope(), isAppIDCommon: true, to: &batch)
            for _ in 0..<times {
                var rest = batch
                take(Batch.next(in: &rest, appID: "n1"))
            }
        },
    ]

    private static func envelope() -> WireEnvelope {
        let body = ByteBuffer(string: #"[{"roomName":"room17","say":"hello, how are you all today?"}]"#)
        var envelope = WireEnvelope(type: "Handler_Say", content: .json, body: body)
        envelope.correlationID = "2a0000001f"
        envelope.replyTo = "replies.n1.k3"
        envelope.timeout = 10_000
        envelope.appID = "n1"
        envelope.headers = [.init(name: "session", value: String(repeating: "x", count: 180))]
        return envelope
    }
}
