extension Subscribe {
    /// Reads a SUBSCRIBE (MQTT 3.1.1 §3.8).
    init(level: ProtocolLevel, _ reader: inout PacketReader) throws(MQTTError) {
        let id = try reader.packetID()
        var requests: [Request] = []
        repeat {
            guard !reader.isAtEnd else { throw MQTTError(.noFilters) }
            let filter = try reader.filter()
            var options = try reader.byte()
            // 3.1 calls the upper six bits "not used"; 3.1.1 wants them 0 [MQTT-3.8.3-4].
            if level == .v3_1 { options &= 0b11 }
            guard let qos = QoS(rawValue: options) else { throw MQTTError(.invalidQoS) }
            requests.append(Request(filter: filter, qos: qos))
        } while !reader.isAtEnd
        self.init(packetID: id, requests: requests)
    }
}

extension Unsubscribe {
    /// Reads an UNSUBSCRIBE (MQTT 3.1.1 §3.10).
    init(_ reader: inout PacketReader) throws(MQTTError) {
        let id = try reader.packetID()
        var filters: [TopicFilter?] = []
        repeat {
            guard !reader.isAtEnd else { throw MQTTError(.noFilters) }
            filters.append(try reader.filter())
        } while !reader.isAtEnd
        self.init(packetID: id, filters: filters)
    }
}
