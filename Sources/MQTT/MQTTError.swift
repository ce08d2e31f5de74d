/// Why a packet, a stream of packets or an outbound message was refused.
///
/// One byte wide, so that throwing it costs no allocation: the text is made only when somebody asks for it. Every error
/// that a decoder or ``ServerSession/receive(_:replies:)`` throws ends the connection (MQTT 3.1.1 §4.8); those that
/// ``ServerSession/push(topic:payload:qos:into:)`` throws leave the session as it was.
package struct MQTTError: Error, Sendable, Hashable {
    /// The kinds of fault, grouped by who commits them.
    package enum Code: UInt8, Sendable, Hashable, CaseIterable {
        // The fixed header
        case reservedPacketType, serverOnlyPacket, invalidFlags, invalidQoS, duplicateAtQoS0
        case remainingLengthTooLong, wrongLength, packetTooLarge
        // Fields
        case truncated, trailingBytes, illFormedUTF8, nulCharacter, zeroPacketID
        // Topics
        case emptyTopic, topicTooLong, wildcardInTopic, invalidFilter, noFilters
        // CONNECT
        case unknownProtocolName, reservedConnectFlag, willFlags, passwordWithoutUserName
        // The order of packets
        case connectExpected, secondConnect, decisionPending, noDecisionPending, closed
        // Outbound
        case notConnected, queueFull
    }

    package let code: Code

    package init(_ code: Code) {
        self.code = code
    }

    /// What is wrong and which rule says so, for logs; holds nothing that the client sent.
    package var message: String {
        guard let section = code.section else { return code.text }
        return "\(code.text) (MQTT 3.1.1 §\(section))"
    }
}

extension MQTTError: CustomStringConvertible {
    package var description: String { "\(code): \(message)" }
}
