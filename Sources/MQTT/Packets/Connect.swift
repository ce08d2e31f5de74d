package import NIOCore

/// The first packet of a connection (MQTT 3.1.1 §3.1).
package struct Connect: Sendable, Hashable {
    package var level: ProtocolLevel
    /// May be empty; whether it may stay so is the session's to say. No upper length below the format's 65535 bytes:
    /// 3.1 wants at most 23 characters, but longer ones are accepted, as the common brokers do.
    package var clientID: String
    package var cleanSession: Bool
    /// Seconds, 0 for none (§3.1.2.10).
    package var keepAlive: UInt16
    package var will: Will?
    package var userName: String?
    /// Any bytes (§3.1.3.5).
    package var password: ByteBuffer?

    package init(
        level: ProtocolLevel = .v3_1_1, clientID: String, cleanSession: Bool = true, keepAlive: UInt16 = 0,
        will: Will? = nil, userName: String? = nil, password: ByteBuffer? = nil
    ) {
        self.level = level
        self.clientID = clientID
        self.cleanSession = cleanSession
        self.keepAlive = keepAlive
        self.will = will
        self.userName = userName
        self.password = password
    }
}
