/// The answer to one filter of a SUBSCRIBE (MQTT 3.1.1 §3.9.3).
package enum SubscribeReturnCode: UInt8, Sendable, Hashable, CaseIterable {
    case grantedQoS0 = 0x00
    case grantedQoS1 = 0x01
    case grantedQoS2 = 0x02
    /// New in 3.1.1: 3.1 has no way to refuse one filter.
    case failure = 0x80

    package init(granted qos: QoS) {
        switch qos {
        case .atMostOnce: self = .grantedQoS0
        case .atLeastOnce: self = .grantedQoS1
        case .exactlyOnce: self = .grantedQoS2
        }
    }
}
