package import NIOCore

/// Takes the packets of one client out of the bytes that it sent, MQTT 3.1 and 3.1.1, strictly.
///
/// A value of a few bytes: it keeps no input. What has not become a packet yet stays in the caller's buffer, and looking at
/// it again costs at most the five bytes of its header, so a packet that comes in tiny pieces costs no more than another.
package struct PacketDecoder: Sendable {
    /// The largest packet that is taken, in bytes, its header included.
    package let maximumPacketSize: Int
    /// The level of the first CONNECT; until one has come, the rules are those of 3.1.1.
    package private(set) var level = ProtocolLevel.v3_1_1
    private var hasLevel = false
    private var failure: MQTTError?

    package init(maximumPacketSize: Int) {
        self.maximumPacketSize = maximumPacketSize
    }

    /// Takes the next packet off the front of `buffer`.
    ///
    /// Topics, payloads and passwords in it are slices of `buffer`. Who appends to `buffer` while one of them lives makes
    /// NIO copy it whole: so decode each read from the buffer that it came in, and append only to what was left over.
    /// - Returns: nil, having consumed nothing, while `buffer` holds less than a whole packet.
    /// - Throws: what is wrong with the packet; the same again on every later call, since after an error nobody knows where
    ///   the next packet begins. `buffer` is of no more use then.
    package mutating func next(from buffer: inout ByteBuffer) throws(MQTTError) -> Packet? {
        if let failure { throw failure }
        do {
            guard let header = try FixedHeader.peek(buffer, level: level, maximumPacketSize: maximumPacketSize) else {
                return nil
            }
            guard buffer.readableBytes >= header.packetSize else { return nil }
            buffer.moveReaderIndex(forwardBy: header.length)
            guard let body = buffer.readSlice(length: header.remainingLength) else { return nil }
            return try packet(header, body)
        } catch {
            failure = error
            throw error
        }
    }

    private mutating func packet(_ header: FixedHeader, _ body: ByteBuffer) throws(MQTTError) -> Packet {
        var reader = PacketReader(body)
        let packet: Packet
        switch header.type {
        case .publish: return .publish(try Publish(flags: header.flags, &reader))
        case .puback: packet = .puback(try reader.packetID())
        case .pubrec: packet = .pubrec(try reader.packetID())
        case .pubrel: packet = .pubrel(try reader.packetID())
        case .pubcomp: packet = .pubcomp(try reader.packetID())
        case .subscribe: packet = .subscribe(try Subscribe(level: level, &reader))
        case .unsubscribe: packet = .unsubscribe(try Unsubscribe(&reader))
        case .pingreq: packet = .pingreq
        case .disconnect: packet = .disconnect
        case .connect: return try connect(&reader)
        case .connack, .suback, .unsuback, .pingresp: throw MQTTError(.serverOnlyPacket)
        }
        try reader.finish()
        return packet
    }

    private mutating func connect(_ reader: inout PacketReader) throws(MQTTError) -> Packet {
        let protocolName = try reader.bytes().readableBytesView
        let expected: ProtocolLevel
        if protocolName.elementsEqual("MQTT".utf8) {
            expected = .v3_1_1
        } else if protocolName.elementsEqual("MQIsdp".utf8) {
            expected = .v3_1
        } else {
            throw MQTTError(.unknownProtocolName)
        }
        let levelByte = try reader.byte()
        guard levelByte == expected.rawValue else { return .unsupportedConnect(level: levelByte) }
        let connect = try Connect(level: expected, &reader)
        try reader.finish()
        if !hasLevel { (level, hasLevel) = (expected, true) }
        return .connect(connect)
    }
}
