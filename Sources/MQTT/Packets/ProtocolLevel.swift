/// The versions of the protocol that are spoken here, by the level byte of CONNECT (MQTT 3.1.1 §3.1.2.2).
package enum ProtocolLevel: UInt8, Sendable, Hashable, CaseIterable {
    /// MQTT 3.1, protocol name `MQIsdp`.
    case v3_1 = 3
    /// MQTT 3.1.1, protocol name `MQTT`.
    case v3_1_1 = 4
}
