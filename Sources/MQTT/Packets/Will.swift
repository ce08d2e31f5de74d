package import NIOCore

/// The message that a client asks to have published should its connection break (MQTT 3.1.1 §3.1.2.5).
///
/// It is checked and then goes nowhere: clients of this gateway do not talk to each other by topic, so there is nobody to
/// publish it to.
package struct Will: Sendable, Hashable {
    package var topic: TopicName
    package var payload: ByteBuffer
    package var qos: QoS
    package var retain: Bool

    package init(topic: TopicName, payload: ByteBuffer, qos: QoS = .atMostOnce, retain: Bool = false) {
        self.topic = topic
        self.payload = payload
        self.qos = qos
        self.retain = retain
    }
}
