public import Mqant
import NIOCore

/// A Gate's `Settings`, with what `Mqtt` of `server.conf` says.
public struct GateSettings: ModuleSettings {
    /// Where plain (or TLS) MQTT is spoken; nil: nowhere.
    package var tcpAddress: ListenAddress?
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
    /// Bytes of one session's requests that are not answered yet; further requests are answered with an error.
    var maximumWaitingBytes: Int
    /// The same for all sessions of the Gate together.
    var requestBufferLimit: Int
    /// Bytes of packets that are not whole yet, of all clients of the Gate together; then the slowest is cut off.
    var inputBufferLimit: Int
    /// Bytes a second with which a packet has to come that takes longer than `handshakeTimeout`.
    var minimumPacketSpeed: Int

    /// The files of a TLS server.
    struct TLSFiles: Sendable {
        var certificateChain: String
        var privateKey: String
    }

    /// Reads `Settings` of a Gate: docs/configuration.md#settings-of-a-gate.
    public init(reading settings: inout SettingsReader) { self.init(reading: &settings, mustListen: true) }

    /// - Parameter mustListen: whether it is a fault that there is no address to listen on.
    package init(reading settings: inout SettingsReader, mustListen: Bool) {
        // Names of mqant's earliest and latest versions.
        settings.alias("TLS", for: "Tls")
        settings.alias("Cert", for: "CertFile")
        settings.alias("Key", for: "KeyFile")
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
        maximumWaitingBytes = settings.int("MaxWaitingBytes", in: 1024...1_073_741_824, default: 1_048_576)
        requestBufferLimit = settings.int(
            "RequestBufferLimit", in: 65_536...1_099_511_627_776, default: 268_435_456)
        inputBufferLimit = settings.int("InputBufferLimit", in: 65_536...1_099_511_627_776, default: 268_435_456)
        minimumPacketSpeed = settings.int("MinPacketSpeed", in: 0...1_073_741_824, default: 1024)
        settings.announce(DescriptorDemand(loops: eventLoops, connections: maximumConnections))
        let certificate = settings.string("CertFile")
        let key = settings.string("KeyFile")
        if usesTLS {
            if let certificate, let key, !certificate.isEmpty, !key.isEmpty {
                tls = TLSFiles(certificateChain: certificate, privateKey: key)
            } else {
                settings.fault(at: "Tls", "needs CertFile and KeyFile")
            }
        }
        // mqant stores sessions that often.
        settings.acceptUnused(["MinHBStorage"], "sessions live at the Gate")
        if mustListen, tcpAddress == nil, webSocketAddress == nil {
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
