import MqantMQTT

/// Why a connection ends, for the log.
enum CloseReason: CustomStringConvertible {
    case clientDisconnected
    case clientClosed
    case protocolError(MQTTError)
    case refused(ConnectReturnCode)
    case handshakeTimeout
    case silent
    case stalled
    case slowPacket
    case tooMuchInput
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
        case .slowPacket: "a packet came too slowly"
        case .tooMuchInput: "the Gate holds too much of unfinished packets"
        case .takenOver: "another connection has the client id now"
        case .closedByModule: "closed by a module"
        case .kicked: "the user logged in elsewhere"
        case .serverShutdown: "the server shuts down"
        case .transportError(let error): "transport error: \(error)"
        }
    }
}

extension CloseReason {
    /// The reasons as `mqantserver status` counts them.
    enum Kind: String, CaseIterable {
        case disconnected, closed, protocolError, refused, noConnect, silent, stalled, slow, takenOver, byModule, kicked
        case shutdown, transportError
    }

    var kind: Kind {
        switch self {
        case .clientDisconnected: .disconnected
        case .clientClosed: .closed
        case .protocolError: .protocolError
        case .refused: .refused
        case .handshakeTimeout: .noConnect
        case .silent: .silent
        case .stalled: .stalled
        case .slowPacket, .tooMuchInput: .slow
        case .takenOver: .takenOver
        case .closedByModule: .byModule
        case .kicked: .kicked
        case .serverShutdown: .shutdown
        case .transportError: .transportError
        }
    }
}
