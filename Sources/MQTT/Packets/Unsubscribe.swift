/// The end of subscriptions (MQTT 3.1.1 §3.10).
package struct Unsubscribe: Sendable, Hashable {
    package var packetID: PacketID
    /// At least one; nil for good UTF-8 that breaks the rules for wildcards. UNSUBACK answers them all alike: nobody can be
    /// subscribed to such a filter, so the client has what it wants.
    package var filters: [TopicFilter?]

    package init(packetID: PacketID, filters: [TopicFilter?]) {
        self.packetID = packetID
        self.filters = filters
    }
}
