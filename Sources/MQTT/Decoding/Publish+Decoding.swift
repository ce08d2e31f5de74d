internal import NIOCore

extension Publish {
    /// Reads a PUBLISH (MQTT 3.1.1 §3.3). `flags` are checked already.
    init(flags: UInt8, _ reader: inout PacketReader) throws(MQTTError) {
        let topic = try TopicName(try reader.bytes())
        let delivery: Delivery
        switch flags >> 1 & 0b11 {
        case 0: delivery = .atMostOnce
        case 1: delivery = .atLeastOnce(try reader.packetID())
        case 2: delivery = .exactlyOnce(try reader.packetID())
        default: throw MQTTError(.invalidQoS)
        }
        self.init(
            topic: topic, payload: reader.body, delivery: delivery, retain: flags & 0b0001 != 0,
            duplicate: flags & 0b1000 != 0)
    }
}
