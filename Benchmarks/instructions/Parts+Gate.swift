import NIOCore

@testable import MqantGate

extension Parts {
    static let gate = [
        Part(name: "gate: read a topic") { times in
            var reader = RequestTopicReader()
            let topic = ByteBuffer(string: "Chat/Handler_Say/4711")
            for _ in 0..<times { take(reader.read(topic)) }
        }
    ]
}
