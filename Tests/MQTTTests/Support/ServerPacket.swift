import NIOCore

/// A packet as a server sends it, read by a reader of the tests' own: what the encoder writes is judged by this.
enum ServerPacket: Hashable {
    case connack(UInt8)
    case publish(topic: String, payload: [UInt8], qos: UInt8, id: UInt16, retain: Bool, duplicate: Bool)
    case puback(UInt16), pubrec(UInt16), pubrel(UInt16), pubcomp(UInt16), unsuback(UInt16)
    case suback(UInt16, [UInt8])
    case pingresp

    struct Malformed: Error {
        let offset: Int
        let why: String
    }

    /// All packets in `bytes`, which must end with the last of them.
    static func all(in bytes: [UInt8]) throws -> [ServerPacket] {
        var packets: [ServerPacket] = []
        var offset = 0
        while offset < bytes.count {
            let start = offset
            let first = bytes[offset]
            offset += 1
            var length = 0
            var shift = 0
            var more = true
            while more {
                guard offset < bytes.count, shift <= 21 else { throw Malformed(offset: start, why: "length") }
                length |= Int(bytes[offset] & 0x7F) << shift
                more = bytes[offset] >= 0x80
                shift += 7
                offset += 1
            }
            guard bytes.count - offset >= length else { throw Malformed(offset: start, why: "short") }
            let body = Array(bytes[offset..<offset + length])
            guard let packet = ServerPacket(first, body) else {
                throw Malformed(offset: start, why: "\(first) \(body)")
            }
            packets.append(packet)
            offset += length
        }
        return packets
    }

    private init?(_ first: UInt8, _ body: [UInt8]) {
        func number(at index: Int) -> UInt16 { UInt16(body[index]) << 8 | UInt16(body[index + 1]) }
        switch (first, body.count) {
        case (0x20, 2) where body[0] == 0: self = .connack(body[1])
        case (0x40, 2): self = .puback(number(at: 0))
        case (0x50, 2): self = .pubrec(number(at: 0))
        case (0x62, 2): self = .pubrel(number(at: 0))
        case (0x70, 2): self = .pubcomp(number(at: 0))
        case (0xB0, 2): self = .unsuback(number(at: 0))
        case (0xD0, 0): self = .pingresp
        case (0x90, 3...): self = .suback(number(at: 0), Array(body[2...]))
        case (0x30...0x3F, 3...):
            let qos = first >> 1 & 3
            let topicEnd = 2 + Int(number(at: 0))
            let payloadStart = topicEnd + (qos == 0 ? 0 : 2)
            guard qos < 3, payloadStart <= body.count else { return nil }
            self = .publish(
                topic: String(decoding: body[2..<topicEnd], as: UTF8.self), payload: Array(body[payloadStart...]),
                qos: qos, id: qos == 0 ? 0 : number(at: topicEnd), retain: first & 1 != 0, duplicate: first & 8 != 0)
        default: return nil
        }
    }
}
