import Mqant
import NIOCore

/// A Gate's `Settings`, with what `Mqtt` of `server.conf` says.
struct GateConfiguration: Sendable {
    /// Where plain (or TLS) MQTT is spoken; nil: nowhere.
    var tcpAddress: ListenAddress?
    /// Where MQTT over WebSocket is spoken; nil: nowhere.
    var webSocketAddress: ListenAddress?
    /// The largest packet that a client may send, in bytes.
    var maximumPacketSize: Int
    /// How many clients may be connected at a time; further ones are closed at once.
    var maximumConnections: Int
    /// How long a client may take for its WebSocket handshake, and how long for its CONNECT.
    var handshakeTimeout: Duration
    /// Certificate chain and private key, PEM files; nil: no TLS.
    var tls: TLSFiles?
    /// Bytes that may wait for a client that does not read; at one more it is cut off.
    var writeBufferLimit: Int
    /// How many groups a session may be in.
    var maximumGroups: Int
    /// What becomes of a user's session when the user logs in again.
    var duplicateLogin: DuplicateLogin
    /// Threads that serve connections.
    var eventLoops: Int
    /// Requests of one session that may wait at the Gate; further ones are answered with an error.
    var maximumWaitingRequests: Int

    /// The files of a TLS server.
    struct TLSFiles: Sendable {
        var certificateChain: String
        var privateKey: String
    }

    init(reading settings: inout SettingsReader) {
        let usesTLS = settings.bool("Tls", default: false)
        tcpAddress = settings.listenAddress("TCPAddr", as: "MQTT over TCP", check: .mqtt(usesTLS: usesTLS))
        webSocketAddress = settings.listenAddress(
            "WSAddr", as: "MQTT over WebSocket", check: .webSocket(subprotocol: "mqtt", usesTLS: usesTLS))
        maximumPacketSize = settings.int("MaxMsgLen", in: 64...268_435_460, default: 4096)
        maximumConnections = settings.int("MaxConnNum", in: 1...10_000_000, default: 20_000)
        handshakeTimeout = settings.duration(
            "HTTPTimeout", in: .milliseconds(100) ... .seconds(3600), default: .seconds(10))
        writeBufferLimit = settings.int("WriteBufferLimit", in: 4096...1_073_741_824, default: 1_048_576)
        maximumGroups = settings.int("MaxGroups", in: 1...10_000, default: 64)
        duplicateLogin = settings.choice("DuplicateLogin", default: .kick)
        eventLoops = settings.int("EventLoops", in: 1...1024, default: max(1, NIOCore.System.coreCount / 2))
        maximumWaitingRequests = settings.int("MaxWaitingRequests", in: 1...1_000_000, default: 1024)
        let certificate = settings.string("CertFile")
        let key = settings.string("KeyFile")
        if usesTLS {
            if let certificate, let key {
                tls = TLSFiles(certificateChain: certificate, privateKey: key)
            } else {
                settings.fault(at: "Tls", "needs CertFile and KeyFile")
            }
        }
        // mqant stores sessions that often; ours live at the Gate.
        if settings.int("MinHBStorage", in: 0...Int(Int32.max)) != nil {
            settings.note(at: "MinHBStorage", "accepted, but not used")
        }
        if tcpAddress == nil, webSocketAddress == nil {
            settings.fault(at: "TCPAddr", "a Gate needs TCPAddr or WSAddr")
        }
    }
}

extension ListenerCheck {
    /// Connects as a client and is accepted: CONNECT of MQTT 3.1.1 with a clean session, no client id and no keep-alive;
    /// CONNACK with return code 0 (§3.1, §3.2).
    fileprivate static func mqtt(usesTLS: Bool) -> ListenerCheck {
        ListenerCheck(
            request: [0x10, 12, 0, 4] + Array("MQTT".utf8) + [4, 0b10, 0, 0, 0, 0], answer: [0x20, 2, 0, 0],
            usesTLS: usesTLS)
    }
}
