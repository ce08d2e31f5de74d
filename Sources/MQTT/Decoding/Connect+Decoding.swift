internal import NIOCore

extension Connect {
    /// The connect flags (MQTT 3.1.1 §3.1.2.3 to §3.1.2.9).
    private struct Flags: OptionSet {
        let rawValue: UInt8

        static let reserved = Flags(rawValue: 1 << 0)
        static let cleanSession = Flags(rawValue: 1 << 1)
        static let will = Flags(rawValue: 1 << 2)
        static let willQoS = Flags(rawValue: 3 << 3)
        static let willRetain = Flags(rawValue: 1 << 5)
        static let password = Flags(rawValue: 1 << 6)
        static let userName = Flags(rawValue: 1 << 7)

        /// 3.1 disregards the reserved bit, and will QoS and will retain where there is no will; 3.1.1 wants them 0.
        func check(level: ProtocolLevel) throws(MQTTError) {
            if contains(.password), !contains(.userName) { throw MQTTError(.passwordWithoutUserName) }
            guard level == .v3_1_1 else { return }
            guard !contains(.reserved) else { throw MQTTError(.reservedConnectFlag) }
            guard contains(.will) || isDisjoint(with: [.willQoS, .willRetain]) else { throw MQTTError(.willFlags) }
        }

        func requireWillQoS() throws(MQTTError) -> QoS {
            guard let qos = QoS(rawValue: intersection(.willQoS).rawValue >> 3) else { throw MQTTError(.invalidQoS) }
            return qos
        }
    }

    /// Reads what follows the protocol level of a CONNECT (§3.1.2.3 to §3.1.3.5).
    init(level: ProtocolLevel, _ reader: inout PacketReader) throws(MQTTError) {
        let flags = Flags(rawValue: try reader.byte())
        try flags.check(level: level)
        let keepAlive = try reader.integer()
        let clientID = try reader.string()
        var will: Will?
        if flags.contains(.will) {
            will = Will(
                topic: try TopicName(try reader.bytes()), payload: try reader.bytes(),
                qos: try flags.requireWillQoS(), retain: flags.contains(.willRetain))
        }
        // In 3.1 "Remaining Length takes precedence over the User Name flag": the packet may just end here.
        let mayEnd = level == .v3_1
        var userName: String?
        if flags.contains(.userName), !(mayEnd && reader.isAtEnd) { userName = try reader.string() }
        var password: ByteBuffer?
        if flags.contains(.password), !(mayEnd && reader.isAtEnd) { password = try reader.bytes() }
        self.init(
            level: level, clientID: clientID, cleanSession: flags.contains(.cleanSession), keepAlive: keepAlive,
            will: will, userName: userName, password: password)
    }
}
