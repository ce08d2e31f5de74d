extension MQTTError.Code {
    /// The rule in words.
    var text: String {
        switch self {
        case .reservedPacketType: "packet types 0 and 15 are reserved"
        case .serverOnlyPacket: "only a server sends this packet type"
        case .invalidFlags: "the flags of the fixed header are not those of the packet type"
        case .invalidQoS: "QoS is 0, 1 or 2, and the bits beside it are 0"
        case .duplicateAtQoS0: "DUP is set on a QoS 0 PUBLISH"
        case .remainingLengthTooLong: "the remaining length takes more than four bytes"
        case .wrongLength: "the remaining length does not fit the packet type"
        case .packetTooLarge: "the packet is larger than the configured maximum or the protocol's"
        case .truncated: "a field reaches beyond the end of its packet"
        case .trailingBytes: "bytes are left behind the last field"
        case .illFormedUTF8: "a string is not well-formed UTF-8"
        case .nulCharacter: "a string holds U+0000"
        case .zeroPacketID: "a packet identifier is 0"
        case .emptyTopic: "a topic name or filter is empty"
        case .topicTooLong: "a topic name or filter is longer than 65535 bytes"
        case .wildcardInTopic: "a topic name holds a wildcard"
        case .invalidFilter: "a wildcard in a topic filter does not stand alone in its level, or # is not the last"
        case .noFilters: "SUBSCRIBE or UNSUBSCRIBE without a topic filter"
        case .unknownProtocolName: "the protocol name is neither MQTT nor MQIsdp"
        case .reservedConnectFlag: "the reserved bit of the connect flags is set"
        case .willFlags: "will QoS or will retain do not fit the will flag"
        case .passwordWithoutUserName: "a password without a user name"
        case .connectExpected: "the first packet is not CONNECT"
        case .secondConnect: "a second CONNECT"
        case .decisionPending: "a packet was passed on before its CONNECT was accepted or refused"
        case .noDecisionPending: "no CONNECT waits to be accepted or refused"
        case .closed: "a packet after the end of the session"
        case .notConnected: "a push to a session that is not connected"
        case .queueFull: "the client acknowledges too slowly: its outbound queue is full"
        }
    }

    /// The section of MQTT 3.1.1 that the rule stands in; nil for what is not the protocol's rule but this server's.
    var section: String? {
        switch self {
        case .reservedPacketType, .serverOnlyPacket: "2.2.1"
        case .invalidFlags: "2.2.2"
        case .invalidQoS: "3.3.1.2"
        case .duplicateAtQoS0: "3.3.1.1"
        case .remainingLengthTooLong, .wrongLength, .packetTooLarge: "2.2.3"
        case .truncated, .trailingBytes: "4.8"
        case .illFormedUTF8, .nulCharacter: "1.5.3"
        case .zeroPacketID: "2.3.1"
        case .emptyTopic, .topicTooLong: "4.7.3"
        case .wildcardInTopic: "3.3.2.1"
        case .invalidFilter: "4.7.1"
        case .noFilters: "3.8.3"
        case .unknownProtocolName: "3.1.2.1"
        case .reservedConnectFlag: "3.1.2.3"
        case .willFlags: "3.1.2.6"
        case .passwordWithoutUserName: "3.1.2.9"
        case .connectExpected, .secondConnect: "3.1"
        case .closed: "3.14.4"
        case .decisionPending, .noDecisionPending, .notConnected, .queueFull: nil
        }
    }
}
