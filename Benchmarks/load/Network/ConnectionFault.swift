import Glibc

/// Why a connection is of no more use.
enum ConnectionFault: Error, Hashable, CustomStringConvertible {
    case system(String, errno: Int32)
    case closedByServer
    case refused(code: UInt8)
    case notMQTT
    case packetTooLong
    case notWebSocket
    case refusedWebSocket
    case timeout(String)

    var description: String {
        switch self {
        case .system(let what, let number): "\(what): \(String(cString: strerror(number)))"
        case .closedByServer: "the server closed the connection"
        case .refused(let code): "the server refused the connection, CONNACK \(code)"
        case .notMQTT: "the server sent something that is not MQTT"
        case .packetTooLong: "the server sent a packet of more than \(PacketScanner.longestPacket) bytes"
        case .notWebSocket: "the server sent something that is no WebSocket"
        case .refusedWebSocket: "the server opened no WebSocket"
        case .timeout(let what): "no answer in time: \(what)"
        }
    }
}
