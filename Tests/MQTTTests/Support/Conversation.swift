import MqantMQTT
import NIOCore

/// A client's bytes led through decoder and session, and all that came of it. Also what the fuzz target runs.
///
/// A CONNECT is accepted, and every message is answered with a push at a QoS of its own (its payload's length modulo 3).
struct Conversation: Equatable {
    /// Something that must hold for any input whatever did not.
    struct BrokenInvariant: Error, CustomStringConvertible {
        let description: String

        init(_ description: String) { self.description = description }
    }

    var events: [ServerSession.Event] = []
    var refusedPushes: [MQTTError] = []
    var replies: [UInt8] = []
    var error: MQTTError?

    static let limits = ServerSession.Configuration(inFlightWindow: 2, queuedMessages: 3, queuedBytes: 64)
    static let maximumPacketSize = 4096

    /// Feeds `bytes` in pieces of the sizes that `nextSize` gives, after a CONNECT of `level` if there is one.
    /// - Throws: `BrokenInvariant`.
    init(_ bytes: [UInt8], after level: ProtocolLevel? = nil, nextSize: () -> Int) throws {
        var decoder = PacketDecoder(maximumPacketSize: Self.maximumPacketSize)
        var session = ServerSession(configuration: Self.limits)
        var input = ByteBuffer(bytes: level.map(Self.connect) ?? [])
        var output = ByteBuffer()
        var offset = 0
        repeat {
            let end = min(bytes.count, offset + max(1, nextSize()))
            input.writeBytes(bytes[offset..<end])
            offset = end
            while error == nil, let packet = try decode(&decoder, &input) {
                try hand(packet, to: &session, &output)
            }
        } while error == nil && offset < bytes.count
        replies = Array(output.readableBytesView)
        guard (try? ServerPacket.all(in: replies)) != nil else { throw BrokenInvariant("replies are no packets") }
    }

    private mutating func decode(_ decoder: inout PacketDecoder, _ input: inout ByteBuffer) throws -> Packet? {
        let before = input
        let outcome = Result { () throws(MQTTError) in try decoder.next(from: &input) }
        let consumed = before.readableBytes - input.readableBytes
        switch outcome {
        case .success(nil):
            guard input == before else { throw BrokenInvariant("consumed without a packet") }
            return nil
        case .success(let packet?):
            guard 2...Self.maximumPacketSize ~= consumed else { throw BrokenInvariant("consumed \(consumed)") }
            if case .publish(let publish) = packet { try Self.checkRoundTrip(publish) }
            return packet
        case .failure(let failure):
            error = failure
            var ping = ByteBuffer(bytes: [0xC0, 0])
            let again = Result { () throws(MQTTError) in try decoder.next(from: &ping) }
            guard again == .failure(failure) else { throw BrokenInvariant("\(again) after \(failure)") }
            return nil
        }
    }

    private mutating func hand(_ packet: Packet, to session: inout ServerSession, _ output: inout ByteBuffer) throws {
        let outcome = Result { () throws(MQTTError) in try session.receive(packet, replies: &output) }
        switch outcome {
        case .success(.none): break
        case .success(let event):
            events.append(event)
            if case .connected = event { try session.accept(replies: &output) }
            if case .publish(let publish) = event { answer(publish, &session, &output) }
        case .failure(let failure):
            error = failure
            guard !session.isConnected else { throw BrokenInvariant("connected after \(failure)") }
        }
        let limits = Self.limits
        guard session.inFlightCount <= limits.inFlightWindow, session.queuedCount <= limits.queuedMessages,
            session.queuedBytes <= limits.queuedBytes, session.queuedCount == 0 || session.inFlightCount > 0
        else { throw BrokenInvariant("bounds of the outbound window") }
    }

    private mutating func answer(_ publish: Publish, _ session: inout ServerSession, _ output: inout ByteBuffer) {
        let qos = QoS(rawValue: UInt8(publish.payload.readableBytes % 3)) ?? .atMostOnce
        do throws(MQTTError) {
            try session.push(topic: publish.topic, payload: publish.payload, qos: qos, into: &output)
        } catch {
            refusedPushes.append(error)
        }
    }

    private static func checkRoundTrip(_ publish: Publish) throws {
        var buffer = ByteBuffer()
        try PacketEncoder.writePublish(
            topic: publish.topic, payload: publish.payload, delivery: publish.delivery, retain: publish.retain,
            duplicate: publish.duplicate && publish.qos != .atMostOnce, into: &buffer)
        var decoder = PacketDecoder(maximumPacketSize: .max)
        var expected = publish
        if publish.qos == .atMostOnce { expected.duplicate = false }
        guard try decoder.next(from: &buffer) == .publish(expected), buffer.readableBytes == 0,
            Array(publish.topic.string.utf8) == Array(publish.topic.bytes.readableBytesView)
        else { throw BrokenInvariant("a PUBLISH does not survive encoding") }
    }

    private static func connect(_ level: ProtocolLevel) -> [UInt8] {
        let name = Array((level == .v3_1 ? "MQIsdp" : "MQTT").utf8)
        let body = [0, UInt8(name.count)] + name + [level.rawValue, 2, 0, 0, 0, 1, 0x63]
        return [0x10, UInt8(body.count)] + body
    }
}
