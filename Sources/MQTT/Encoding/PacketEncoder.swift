package import NIOCore

/// Writes the packets that a server sends (MQTT 3.1.1 §3), each at the end of a buffer.
package enum PacketEncoder {
    /// The largest remaining length that four bytes can say (§2.2.3).
    package static let maximumRemainingLength = RemainingLength.maximum

    /// Writes CONNACK (§3.2). Session present is always 0: no session outlives its connection here. (3.1 has the same
    /// four bytes, with that one unused.)
    package static func writeConnack(_ code: ConnectReturnCode, into buffer: inout ByteBuffer) {
        let head = UInt32(PacketType.connack.firstByte()) << 24 | 2 << 16
        buffer.writeInteger(head | UInt32(code.rawValue))
    }

    /// Writes PUBACK (§3.4).
    package static func writePuback(_ id: PacketID, into buffer: inout ByteBuffer) {
        write(.puback, id, into: &buffer)
    }

    /// Writes PUBREC (§3.5).
    package static func writePubrec(_ id: PacketID, into buffer: inout ByteBuffer) {
        write(.pubrec, id, into: &buffer)
    }

    /// Writes PUBREL (§3.6).
    package static func writePubrel(_ id: PacketID, into buffer: inout ByteBuffer) {
        write(.pubrel, flags: 0b0010, id, into: &buffer)
    }

    /// Writes PUBCOMP (§3.7).
    package static func writePubcomp(_ id: PacketID, into buffer: inout ByteBuffer) {
        write(.pubcomp, id, into: &buffer)
    }

    /// Writes UNSUBACK (§3.11).
    package static func writeUnsuback(_ id: PacketID, into buffer: inout ByteBuffer) {
        write(.unsuback, id, into: &buffer)
    }

    /// Writes PINGRESP (§3.13).
    package static func writePingresp(into buffer: inout ByteBuffer) {
        buffer.writeInteger(UInt16(PacketType.pingresp.firstByte()) << 8)
    }

    /// Writes SUBACK (§3.9) with one code per filter of the SUBSCRIBE, in its order.
    package static func writeSuback(_ id: PacketID, codes: [SubscribeReturnCode], into buffer: inout ByteBuffer) {
        let remaining = 2 + codes.count
        buffer.reserveCapacity(minimumWritableBytes: 5 + remaining)
        buffer.writeInteger(PacketType.suback.firstByte())
        for byte in RemainingLength(remaining) { buffer.writeInteger(byte) }
        buffer.writeInteger(id.rawValue)
        for code in codes { buffer.writeInteger(code.rawValue) }
    }

    /// The packets that are nothing but an identifier, in one write of four bytes.
    private static func write(
        _ type: PacketType, flags: UInt8 = 0, _ id: PacketID, into buffer: inout ByteBuffer
    ) {
        buffer.writeInteger(UInt32(type.firstByte(flags: flags)) << 24 | 2 << 16 | UInt32(id.rawValue))
    }
}
