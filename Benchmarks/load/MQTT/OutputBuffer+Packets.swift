extension OutputBuffer {
    /// MQTT 3.1.1 §3.1: clean session, no will, no user name.
    func appendConnect(clientID: String, keepAlive: UInt16) {
        let start = beginPacket(0x10)
        appendText("MQTT")
        append(4)
        append(2)
        append(UInt8(keepAlive >> 8))
        append(UInt8(keepAlive & 0xff))
        appendText(clientID)
        endPacket(start)
    }

    /// - Parameters:
    ///   - messageID: what follows the topic, behind a slash; nil: nothing.
    ///   - packetID: for QoS 1.
    func appendPublish(
        _ topic: Template, messageID: UInt64?, _ payload: Template, _ values: TemplateValues, qos: UInt8,
        packetID: UInt16
    ) {
        let start = beginPacket(0x30 | qos << 1)
        let topicStart = count
        append(0)
        append(0)
        topic.write(to: self, values)
        if let messageID {
            append(UInt8(ascii: "/"))
            appendDecimal(messageID)
        }
        let size = count - topicStart - 2
        set(UInt8(truncatingIfNeeded: size >> 8), at: topicStart)
        set(UInt8(truncatingIfNeeded: size), at: topicStart + 1)
        if qos > 0 {
            append(UInt8(packetID >> 8))
            append(UInt8(packetID & 0xff))
        }
        payload.write(to: self, values)
        endPacket(start)
    }

    /// MQTT 3.1.1 §3.8, one filter.
    func appendSubscribe(_ filter: Template, _ values: TemplateValues, packetID: UInt16) {
        let start = beginPacket(0x82)
        append(UInt8(packetID >> 8))
        append(UInt8(packetID & 0xff))
        let filterStart = count
        append(0)
        append(0)
        filter.write(to: self, values)
        let size = count - filterStart - 2
        set(UInt8(truncatingIfNeeded: size >> 8), at: filterStart)
        set(UInt8(truncatingIfNeeded: size), at: filterStart + 1)
        append(0)
        endPacket(start)
    }

    /// PUBACK, PUBREC or PUBCOMP.
    func appendAcknowledgement(_ header: UInt8, packetID: UInt16) {
        append(header)
        append(2)
        append(UInt8(packetID >> 8))
        append(UInt8(packetID & 0xff))
    }

    func appendPing() {
        append(0xc0)
        append(0)
    }

    func appendDisconnect() {
        append(0xe0)
        append(0)
    }

    private func appendText(_ text: String) {
        append(UInt8(truncatingIfNeeded: text.utf8.count >> 8))
        append(UInt8(truncatingIfNeeded: text.utf8.count))
        append(text)
    }
}
