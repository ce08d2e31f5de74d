import MQTT
import Mqant
import NIOCore

/// A push to a group as its members get it: the PUBLISH at QoS 0 is encoded once, however many they are.
struct EncodedPush: Sendable {
    let group: GroupName
    let topic: TopicName
    let payload: ByteBuffer
    let qos: QoS
    /// The whole packet; nil at QoS 1 and 2, where each member has packet ids of its own.
    let packet: ByteBuffer?

    /// - Throws: `MQTTError` if the topic is none, or the packet were too large.
    init(_ push: GroupPush) throws(MQTTError) {
        group = push.group
        topic = try TopicName(push.topic)
        payload = push.body
        qos = QoS(rawValue: UInt8(clamping: push.qos)) ?? .atMostOnce
        packet = qos == .atMostOnce ? try PacketEncoder.publish(topic: topic, payload: payload) : nil
    }
}
