package import NIOCore

/// Messages to the client.
extension ServerSession {
    /// Sends a message to the client, or has it wait for its turn.
    ///
    /// At QoS 0 it is written at once. At QoS 1 and 2 it is written if fewer than the configured number are without
    /// acknowledgement and none waits; else it waits in the bounded queue, and later calls of ``receive(_:replies:)``
    /// write it to their replies. Messages of one QoS keep their order; those at QoS 0 overtake what waits (§4.6 orders
    /// only messages of one topic and one QoS).
    ///
    /// What waits keeps the buffers of `topic` and `payload` alive whole, though only their readable bytes count for the
    /// bound: do not pass small slices of large buffers.
    /// - Throws: `queueFull` when the client acknowledges too slowly for the bound: the message is dropped, the session
    ///   goes on, and what happens to it is the caller's to decide. `notConnected`, `packetTooLarge`. Nothing is written
    ///   in any of these cases.
    package mutating func push(
        topic: TopicName, payload: ByteBuffer, qos: QoS, into buffer: inout ByteBuffer
    ) throws(MQTTError) {
        guard isConnected else { throw MQTTError(.notConnected) }
        guard qos != .atMostOnce else {
            return try PacketEncoder.writePublish(topic: topic, payload: payload, into: &buffer)
        }
        if exchanges.isEmpty { exchanges.append(Exchanges()) }
        try exchanges[0].outbound.push(topic: topic, payload: payload, qos: qos, limits: configuration, into: &buffer)
    }

    /// Messages at QoS 1 and 2 that were sent and not acknowledged yet.
    package var inFlightCount: Int { exchanges.first?.outbound.inFlightCount ?? 0 }

    /// Messages at QoS 1 and 2 that wait for a place in the window.
    package var queuedCount: Int { exchanges.first?.outbound.queuedCount ?? 0 }

    /// Bytes of the topics and payloads of those that wait.
    package var queuedBytes: Int { exchanges.first?.outbound.queuedBytes ?? 0 }
}
