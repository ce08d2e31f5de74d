internal import NIOCore

/// What the packets of a connected client lead to.
extension ServerSession {
    mutating func take(_ packet: Packet, _ replies: inout ByteBuffer) throws(MQTTError) -> Event {
        switch packet {
        case .publish(let publish):
            return take(publish, &replies)
        case .subscribe(let subscribe):
            try answer(subscribe, &replies)
        case .unsubscribe(let unsubscribe):
            PacketEncoder.writeUnsuback(unsubscribe.packetID, into: &replies)
        case .pingreq:
            PacketEncoder.writePingresp(into: &replies)
        case .pubrel(let id):
            if hasExchanges { exchanges[0].unreleased.remove(id) }
            // Answered also when nothing was held under this identifier: the client may have missed our PUBCOMP.
            PacketEncoder.writePubcomp(id, into: &replies)
        case .puback(let id) where hasExchanges:
            try exchanges[0].outbound.puback(id, limits: configuration, into: &replies)
        case .pubrec(let id) where hasExchanges:
            exchanges[0].outbound.pubrec(id, into: &replies)
        case .pubcomp(let id) where hasExchanges:
            try exchanges[0].outbound.pubcomp(id, limits: configuration, into: &replies)
        case .puback, .pubrec, .pubcomp:
            // For messages that were never sent: ignored, like any unknown identifier.
            break
        case .disconnect:
            end()
            return .disconnect
        case .connect, .unsupportedConnect:
            throw MQTTError(.secondConnect)
        }
        return .none
    }

    private var hasExchanges: Bool { !exchanges.isEmpty }

    /// A message is passed on when its QoS 2 identifier is not held already, whatever its DUP flag says (MQTT 3.1.1 §4.3.3).
    private mutating func take(_ publish: Publish, _ replies: inout ByteBuffer) -> Event {
        switch publish.delivery {
        case .atMostOnce:
            return .publish(publish)
        case .atLeastOnce(let id):
            PacketEncoder.writePuback(id, into: &replies)
            return .publish(publish)
        case .exactlyOnce(let id):
            PacketEncoder.writePubrec(id, into: &replies)
            if exchanges.isEmpty { exchanges.append(Exchanges()) }
            return exchanges[0].unreleased.insert(id) ? .publish(publish) : .none
        }
    }

    /// Answers every filter (§3.8.4): what is asked is granted. 3.1 has no answer for a wrong filter but the end.
    private func answer(_ subscribe: Subscribe, _ replies: inout ByteBuffer) throws(MQTTError) {
        var codes: [SubscribeReturnCode] = []
        codes.reserveCapacity(subscribe.requests.count)
        for request in subscribe.requests {
            guard request.filter != nil || level == .v3_1_1 else { throw MQTTError(.invalidFilter) }
            codes.append(request.filter == nil ? .failure : SubscribeReturnCode(granted: request.qos))
        }
        PacketEncoder.writeSuback(subscribe.packetID, codes: codes, into: &replies)
    }
}
