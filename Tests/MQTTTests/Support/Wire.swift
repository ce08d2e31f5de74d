import MqantMQTT
import NIOCore

/// Client packets as bytes, put together by hand so that nothing under test has a part in it.
enum Wire {
    /// A packet with a right remaining length.
    static func packet(_ first: UInt8, _ body: [UInt8]) -> [UInt8] {
        [first] + remainingLength(body.count) + body
    }

    static func remainingLength(_ length: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = length
        repeat {
            bytes.append(UInt8(rest % 128) | (rest >= 128 ? 0x80 : 0))
            rest /= 128
        } while rest > 0
        return bytes
    }

    static func integer(_ value: Int) -> [UInt8] { [UInt8(value >> 8 & 0xFF), UInt8(value & 0xFF)] }

    static func string(_ bytes: [UInt8]) -> [UInt8] { integer(bytes.count) + bytes }

    static func string(_ text: String) -> [UInt8] { string(Array(text.utf8)) }

    static func connect(
        _ level: ProtocolLevel = .v3_1_1, flags: UInt8 = 0x02, keepAlive: Int = 0, header: UInt8 = 0x10,
        _ payload: [UInt8]? = nil
    ) -> [UInt8] {
        let name = level == .v3_1 ? "MQIsdp" : "MQTT"
        return packet(
            header,
            string(name) + [level.rawValue, flags] + integer(keepAlive) + (payload ?? string("c")))
    }

    static func publish(_ topic: String, _ payload: [UInt8] = [], qos: UInt8 = 0, id: Int = 0) -> [UInt8] {
        packet(0x30 | qos << 1, string(topic) + (qos == 0 ? [] : integer(id)) + payload)
    }

    static func subscribe(_ id: Int, _ filters: [(String, UInt8)]) -> [UInt8] {
        packet(0x82, integer(id) + filters.flatMap { string($0.0) + [$0.1] })
    }

    static func unsubscribe(_ id: Int, _ filters: [String]) -> [UInt8] {
        packet(0xA2, integer(id) + filters.flatMap { string($0) })
    }

    static func puback(_ id: Int) -> [UInt8] { packet(0x40, integer(id)) }
    static func pubrec(_ id: Int) -> [UInt8] { packet(0x50, integer(id)) }
    static func pubrel(_ id: Int) -> [UInt8] { packet(0x62, integer(id)) }
    static func pubcomp(_ id: Int) -> [UInt8] { packet(0x70, integer(id)) }
    static let pingreq: [UInt8] = [0xC0, 0]
    static let disconnect: [UInt8] = [0xE0, 0]
}
