/// A request for subscriptions (MQTT 3.1.1 §3.8).
package struct Subscribe: Sendable, Hashable {
    /// One filter and the QoS that is asked for it.
    package struct Request: Sendable, Hashable {
        /// Nil where the bytes are good UTF-8 but break the rules for wildcards: such a request is answered with a
        /// failure of its own (§3.9.3), and the others stand.
        package var filter: TopicFilter?
        package var qos: QoS

        package init(filter: TopicFilter?, qos: QoS) {
            self.filter = filter
            self.qos = qos
        }
    }

    package var packetID: PacketID
    /// At least one, in the client's order.
    package var requests: [Request]

    package init(packetID: PacketID, requests: [Request]) {
        self.packetID = packetID
        self.requests = requests
    }
}
