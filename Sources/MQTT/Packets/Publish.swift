package import NIOCore

/// An application message on its way (MQTT 3.1.1 §3.3). Topic and payload are slices of the buffer that they came in.
package struct Publish: Sendable, Hashable {
    /// The quality of service, with the identifier that comes with QoS 1 and 2 only.
    package enum Delivery: Sendable, Hashable {
        case atMostOnce
        case atLeastOnce(PacketID)
        case exactlyOnce(PacketID)

        package var qos: QoS {
            switch self {
            case .atMostOnce: .atMostOnce
            case .atLeastOnce: .atLeastOnce
            case .exactlyOnce: .exactlyOnce
            }
        }

        package var packetID: PacketID? {
            switch self {
            case .atMostOnce: nil
            case .atLeastOnce(let id), .exactlyOnce(let id): id
            }
        }
    }

    package var topic: TopicName
    /// Any bytes, also none.
    package var payload: ByteBuffer
    package var delivery: Delivery
    package var retain: Bool
    /// The sender's DUP flag: a hint, never the ground on which a message is dropped (§3.3.1.1).
    package var duplicate: Bool

    package init(
        topic: TopicName, payload: ByteBuffer, delivery: Delivery = .atMostOnce, retain: Bool = false,
        duplicate: Bool = false
    ) {
        self.topic = topic
        self.payload = payload
        self.delivery = delivery
        self.retain = retain
        self.duplicate = duplicate
    }

    package var qos: QoS { delivery.qos }
}
