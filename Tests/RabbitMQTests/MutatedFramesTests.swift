import MqantRabbitMQ
import MqantRabbitMQTestSupport
import Testing

@Suite(.timeLimit(.minutes(3)))
struct MutatedFramesTests {
    @Test func mutatedFramesEndInAnErrorOrInMessagesNeverInATrap() async throws {
        var outcomes: [String: Int] = [:]
        for seed in 0..<400 {
            var random = SeededGenerator(seed: UInt64(seed))
            var bytes = SampleFrames.messages
            // Seed 0 is left whole: it proves that the bytes are right.
            for _ in 0..<(seed == 0 ? 0 : Int.random(in: 1...6, using: &random)) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.remove(at: place)
                default: bytes.insert(UInt8.random(in: 0...255, using: &random), at: place)
                }
            }
            let fake = try FakeBroker { [bytes] peer in
                guard peer.login() else { return }
                peer.send(bytes)
                peer.finish()
            }
            try await withConnection(to: [fake.uri]) { connection, recorder in
                do { _ = try await connection.openChannel() } catch is RabbitMQError {}
                let contents = try await recorder.wait("end of seed \(seed)") { !$0.closed.isEmpty }
                #expect(contents.closed.count == 1)
                #expect(contents.order.last == "closed")
                if seed == 0 { #expect(contents.order == ["delivery", "delivery", "returned", "closed"]) }
                outcomes[contents.closed.first?.code.rawValue ?? "", default: 0] += 1
            }
        }
        // Both ways out must have been taken, else the mutations missed the decoder.
        #expect((outcomes["protocolViolation"] ?? 0) > 100, "\(outcomes)")
        #expect((outcomes["connectionClosed"] ?? 0) > 20, "\(outcomes)")
    }
}
