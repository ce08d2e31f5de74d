/// The control packet types (MQTT 3.1.1 §2.2.1): the upper half of a packet's first byte.
package enum PacketType: UInt8, Sendable, Hashable, CaseIterable {
    case connect = 1
    case connack = 2
    case publish = 3
    case puback = 4
    case pubrec = 5
    case pubrel = 6
    case pubcomp = 7
    case subscribe = 8
    case suback = 9
    case unsubscribe = 10
    case unsuback = 11
    case pingreq = 12
    case pingresp = 13
    case disconnect = 14

    /// The first byte of a packet of this type with the given lower half.
    func firstByte(flags: UInt8 = 0) -> UInt8 { rawValue << 4 | flags & 0x0F }
}
