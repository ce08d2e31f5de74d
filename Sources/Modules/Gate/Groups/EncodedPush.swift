import Mqant
import MqantMQTT
import NIOCore

/// A push to a group as its members get it: the PUBLISH at QoS 0 is encoded once, however many they are.
struct EncodedPush: Sendable {
    let group: GroupName
    let topic: TopicName
    let payload: ByteBuffer
    let qos: QoS
    /// The whole packet; nil at QoS 1 and 2, where each member has packet ids of its own.
    let packet: ByteBuffer?
    /// A member that does not get it.
    let except: SessionID?
    /// Why the members' connections end behind it; nil: they stay.
    let ending: CloseReason?
    /// The account of the session whose request it was pushed for, where that is known.
    var cause: WorkAccount?

    /// - Throws: `MQTTError` if the topic is none, or the packet were too large.
    init(_ push: GroupPush, ending: CloseReason? = nil) throws(MQTTError) {
        group = push.group
        topic = try TopicName(push.topic)
        payload = push.body
        except = push.except
        self.ending = ending
        qos = QoS(rawValue: UInt8(clamping: push.qos)) ?? .atMostOnce
        packet = qos == .atMostOnce ? try PacketEncoder.publish(topic: topic, payload: payload) : nil
    }
}
