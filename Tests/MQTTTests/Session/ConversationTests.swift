import Foundation
import MqantMQTT
import NIOCore
import Testing

/// Whole streams through decoder and session, cut in every way.
@Suite struct ConversationTests {
    static let packets: [[UInt8]] = [
        Wire.publish("Chat/Handler_Say/1", Array(#"{"say":"hi"}"#.utf8)), Wire.publish("a", [1], qos: 1, id: 3),
        Wire.publish("b", [1, 2], qos: 2, id: 4), Wire.pubrel(4), Wire.pubrec(1), Wire.pubcomp(1), Wire.puback(1),
        Wire.puback(2), Wire.subscribe(9, [("a/#", 1), ("b#", 2)]), Wire.unsubscribe(10, ["a/#"]), Wire.pingreq,
        Wire.connect(), Wire.connect(.v3_1, flags: 0), Wire.disconnect, Wire.packet(0x10, Wire.string("MQTT") + [5]),
        Wire.publish("t", Array(repeating: 7, count: 300)), Wire.publish("oversized", Array(repeating: 7, count: 5000)),
    ]

    /// A conversation without a fault, to see that the agreement below is not one of errors only.
    @Test func goodStream() throws {
        let bytes = Self.packets[0...10].flatMap { $0 }
        let conversations = try Conversation.agreed(on: bytes)
        #expect(conversations[0].error == MQTTError(.connectExpected))
        #expect(conversations[1].error == nil)
        #expect(conversations[1].events.count == 4)
        func push(_ topic: String, _ payload: [UInt8], _ qos: UInt8, _ id: UInt16) -> ServerPacket {
            .publish(topic: topic, payload: payload, qos: qos, id: id, retain: false, duplicate: false)
        }
        #expect(
            try ServerPacket.all(in: conversations[1].replies) == [
                .connack(0), push("Chat/Handler_Say/1", Array(#"{"say":"hi"}"#.utf8), 0, 0), .puback(3),
                push("a", [1], 1, 1), .pubrec(4), push("b", [1, 2], 2, 2), .pubcomp(4), .suback(9, [1, 0x80]),
                .unsuback(10), .pingresp,
            ])
        #expect(conversations[2].error == MQTTError(.invalidFilter))
    }

    @Test(arguments: 0..<8 as Range<UInt64>)
    func shuffledPackets(_ seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        for _ in 0..<50 {
            let count = Int.random(in: 1...12, using: &random)
            let bytes = (0..<count).flatMap { _ in Self.packets.randomElement(using: &random) ?? [] }
            try Conversation.agreed(on: bytes, seed: seed)
        }
    }

    /// Good streams with bytes overwritten, left out, doubled or cut off.
    @Test(arguments: 0..<8 as Range<UInt64>)
    func mutatedPackets(_ seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        for _ in 0..<150 {
            var bytes = (0..<4).flatMap { _ in Self.packets.randomElement(using: &random) ?? [] }
            for _ in 0..<Int.random(in: 1...4, using: &random) where bytes.count > 1 {
                let index = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes[index] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.remove(at: index)
                case 2: bytes.insert(bytes[index], at: index)
                default: bytes.removeLast(Int.random(in: 0..<min(8, bytes.count), using: &random))
                }
            }
            try Conversation.agreed(on: bytes, seed: seed)
        }
    }

    /// 200 000 attempts at random bytes: always an answer, never a trap.
    @Test func randomBytes() throws {
        var random = SplitMix(seed: 42)
        var outcomes: [MQTTError.Code: Int] = [:]
        for attempt in 0..<200_000 {
            var input = ByteBuffer()
            for _ in 0..<4 { input.writeInteger(UInt64.random(in: 0 ... .max, using: &random)) }
            // Half of them begin as a packet that a client may send, so that more than the first byte is tried.
            if attempt % 2 == 0 { input.setBytes([[0x10, 0x30, 0x32, 0x34, 0x82, 0xA2][attempt / 2 % 6], 30], at: 0) }
            var decoder = PacketDecoder(maximumPacketSize: 4096)
            do throws(MQTTError) {
                while try decoder.next(from: &input) != nil {}
            } catch {
                outcomes[error.code, default: 0] += 1
            }
        }
        #expect(outcomes.count > 12, "\(outcomes)")
    }

    /// 64 MiB in pieces of 1 KiB take a moment, since nothing is looked at twice; looking at all of it each time would
    /// take two terabytes, and longer than the limit.
    @Test(.timeLimit(.minutes(1)))
    func piecesAreNotLookedAtAgain() throws {
        let size = 64 << 20
        var decoder = PacketDecoder(maximumPacketSize: 2 * size)
        var input = ByteBuffer(bytes: [0x30] + Wire.remainingLength(3 + size) + [0, 1, 0x74])
        input.reserveCapacity(size + 100)
        for _ in 0..<size / 1024 {
            #expect(try decoder.next(from: &input) == nil)
            input.writeRepeatingByte(7, count: 1024)
        }
        guard case .publish(let publish)? = try decoder.next(from: &input) else {
            Issue.record("no packet")
            return
        }
        #expect(publish.payload.readableBytes == size)
        #expect(input.readableBytes == 0)
    }

    /// What the fuzzer has ever found: one file each.
    @Test func crashers() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../Crashers")
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        for file in files where !file.lastPathComponent.hasPrefix(".") {
            do {
                try Conversation.agreed(on: Array(Data(contentsOf: file)))
            } catch {
                Issue.record("\(file.lastPathComponent): \(error)")
            }
        }
    }
}
