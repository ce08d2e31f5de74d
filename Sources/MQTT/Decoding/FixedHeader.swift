internal import NIOCore

/// The two to five bytes that every packet begins with (MQTT 3.1.1 §2.2).
struct FixedHeader {
    let type: PacketType
    /// The lower half of the first byte, allowed for `type`.
    let flags: UInt8
    /// Bytes of the header itself, 2...5.
    let length: Int
    /// Bytes behind the header.
    let remainingLength: Int

    var packetSize: Int { length + remainingLength }

    /// Reads a header at the reader index of `buffer`, moving nothing.
    ///
    /// Says no as early as the bytes that are there allow, and before the body has come: so a peer that does not speak
    /// MQTT, or announces more than `maximumPacketSize` bytes, never makes anybody collect or allocate anything.
    /// - Returns: nil while the header is incomplete.
    static func peek(
        _ buffer: ByteBuffer, level: ProtocolLevel, maximumPacketSize: Int
    ) throws(MQTTError) -> FixedHeader? {
        guard let first = buffer.getInteger(at: buffer.readerIndex, as: UInt8.self) else { return nil }
        guard let type = PacketType(rawValue: first >> 4) else { throw MQTTError(.reservedPacketType) }
        let flags = first & 0x0F
        try type.check(flags: flags, level: level)

        var remaining = 0
        for position in 0..<4 {
            let index = buffer.readerIndex + 1 + position
            guard let byte = buffer.getInteger(at: index, as: UInt8.self) else { return nil }
            remaining |= Int(byte & 0x7F) << (7 * position)
            guard byte & 0x80 == 0 else { continue }
            let header = FixedHeader(type: type, flags: flags, length: 2 + position, remainingLength: remaining)
            if let only = type.onlyRemainingLength, only != remaining { throw MQTTError(.wrongLength) }
            guard header.packetSize <= maximumPacketSize else { throw MQTTError(.packetTooLarge) }
            return header
        }
        throw MQTTError(.remainingLengthTooLong)
    }
}

extension PacketType {
    /// The only remaining length that a packet of this type may have, where there is just one.
    fileprivate var onlyRemainingLength: Int? {
        switch self {
        case .puback, .pubrec, .pubrel, .pubcomp: 2
        case .pingreq, .disconnect: 0
        default: nil
        }
    }

    /// Checks the flags of a packet from a client (§2.2.2).
    ///
    /// 3.1.1 fixes every bit. 3.1 calls DUP, QoS and RETAIN "not used" in most packets, and lets a client that sends a
    /// SUBSCRIBE, UNSUBSCRIBE or PUBREL again set DUP: there they are not held against it.
    fileprivate func check(flags: UInt8, level: ProtocolLevel) throws(MQTTError) {
        let qosBits = flags >> 1 & 0b11
        switch self {
        case .publish:
            guard qosBits != 3 else { throw MQTTError(.invalidQoS) }
            if level == .v3_1_1, qosBits == 0, flags & 0b1000 != 0 { throw MQTTError(.duplicateAtQoS0) }
        case .pubrel, .subscribe, .unsubscribe:
            guard level == .v3_1 ? qosBits == 1 : flags == 0b0010 else { throw MQTTError(.invalidFlags) }
        case .connect:
            // Which level it is stands inside, so this one is held to the newer text whatever it says there.
            guard flags == 0 else { throw MQTTError(.invalidFlags) }
        case .puback, .pubrec, .pubcomp, .pingreq, .disconnect:
            guard level == .v3_1 || flags == 0 else { throw MQTTError(.invalidFlags) }
        case .connack, .suback, .unsuback, .pingresp:
            throw MQTTError(.serverOnlyPacket)
        }
    }
}
