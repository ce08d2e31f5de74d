import MQTT

/// Why a connection ends, for the log.
enum CloseReason: CustomStringConvertible {
    case clientDisconnected
    case clientClosed
    case protocolError(MQTTError)
    case refused(ConnectReturnCode)
    case handshakeTimeout
    case silent
    case stalled
    case takenOver
    case closedByModule
    case kicked
    case serverShutdown
    case transportError(any Error)

    var description: String {
        switch self {
        case .clientDisconnected: "the client disconnected"
        case .clientClosed: "the client closed the connection"
        case .protocolError(let error): "protocol error: \(error)"
        case .refused(let code): "CONNECT refused: \(code)"
        case .handshakeTimeout: "no CONNECT in time"
        case .silent: "silent for longer than its keep-alive allows"
        case .stalled: "the client stopped reading"
        case .takenOver: "another connection has the client id now"
        case .closedByModule: "closed by a module"
        case .kicked: "the user logged in elsewhere"
        case .serverShutdown: "the server shuts down"
        case .transportError(let error): "transport error: \(error)"
        }
    }
}
