import NIOCore

/// How MQTT's bytes lie on a connection.
enum Framing: Sendable {
    /// As they are (MQTT 3.1.1 §4.2).
    case stream
    /// In binary WebSocket frames (MQTT 3.1.1 §6).
    case webSocket
}

/// Where a client comes from, and by what way.
struct ClientOrigin: Sendable {
    /// Nil: it did not come over a network.
    var address: SocketAddress?
    let framing: Framing
    let isEncrypted: Bool
}

extension ClientOrigin: CustomStringConvertible {
    /// The address with its port, for the log; empty if there is none.
    var description: String {
        guard let address, let host = address.ipAddress, let port = address.port else { return "" }
        return host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}
