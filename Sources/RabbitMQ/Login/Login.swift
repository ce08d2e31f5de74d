internal import CMqantRabbitMQ
import Glibc
import MqantAMQPURI

/// A connection that has just logged in: what `ConnectionCore` is made of.
///
/// Made on the owner thread. These are the only calls of librabbitmq that wait for the network; each has a bound.
struct Login {
    let transport: any FrameTransport
    let frameMaximum: Int
    let channelMaximum: Int
    let heartbeat: Duration
    /// The address that was connected to.
    let address: PeerAddress

    /// Bytes; what RabbitMQ itself proposes.
    private static let proposedFrameMaximum: Int32 = 131_072
    private static let proposedChannelMaximum: Int32 = 2047

    init(
        to uri: AMQPURI, _ configuration: ConnectionConfiguration, socket: SocketGuard
    ) throws(RabbitMQError) {
        let timeout = uri.connectTimeout ?? configuration.connectTimeout
        let proposed = uri.heartbeat ?? configuration.heartbeat
        let state = try ConnectionState(socket: socket)
        address = try state.connect(to: uri, configuration, timeout: timeout, guardedBy: socket)
        let descriptor = state.withState { amqp_get_sockfd($0) }
        socket.adopt(descriptor)
        try state.login(
            to: uri, name: configuration.name, timeout: timeout, channelMaximum: Self.proposedChannelMaximum,
            frameMaximum: Self.proposedFrameMaximum, heartbeat: Int32(clamping: proposed.components.seconds))

        (channelMaximum, frameMaximum, heartbeat) = state.withState { state in
            // RabbitMQ may answer a proposal with "no limit", which the library reports as the proposal or as zero.
            let channels = amqp_get_channel_max(state)
            let frames = max(4096, amqp_get_frame_max(state))
            let seconds = amqp_get_heartbeat(state)
            // From now on this side keeps the heartbeat: the library would put its own between the frames of
            // `SocketTransport`, and look at the clock only when it is asked to read.
            amqp_tune_connection(state, channels, frames, 0)
            return (channels > 0 ? Int(channels) : Int(Self.proposedChannelMaximum), Int(frames), .seconds(seconds))
        }
        if uri.tls == nil {
            transport = SocketTransport(state: state, descriptor: descriptor, frameMaximum: frameMaximum)
        } else {
            transport = LibraryTransport(
                state: state, descriptor: descriptor, socket: socket, sendLimit: configuration.sendStallLimit)
        }
    }
}

extension ConnectionState {
    fileprivate func login(
        to uri: AMQPURI, name: String, timeout: Duration, channelMaximum: Int32, frameMaximum: Int32,
        heartbeat: Int32
    ) throws(RabbitMQError) {
        let pool = ScratchPool()
        // A user's own names of capabilities; the library adds its own.
        let properties: FieldTable = [
            "product": "mqantserver",
            "connection_name": .string(name),
            "capabilities": .table([
                "connection.blocked": true,
                "consumer_cancel_notify": true,
                "publisher_confirms": true,
                "basic.nack": true,
                "authentication_failure_close": true,
            ]),
        ]
        var table = try properties.encoded(in: pool)
        let reply = withState { state in
            var bound = timeout.timeval
            amqp_set_handshake_timeout(state, &bound)
            return crabbitmq_login_plain(
                state, uri.virtualHost, channelMaximum, frameMaximum, heartbeat, &table, uri.user, uri.password)
        }
        // The reply points into the state's memory, which lives as long as this object.
        if let error = Self.loginError(reply, uri) { throw error }
        withState { amqp_maybe_release_buffers($0) }
    }

    private static func loginError(_ reply: amqp_rpc_reply_t, _ uri: AMQPURI) -> RabbitMQError? {
        switch reply.reply_type {
        case AMQP_RESPONSE_NORMAL: return nil
        case AMQP_RESPONSE_SERVER_EXCEPTION:
            guard reply.reply.id == MethodID.connectionClose, let decoded = reply.reply.decoded else { break }
            let close = decoded.assumingMemoryBound(to: amqp_connection_close_t.self).pointee
            var strings = StringCache()
            let text = strings.string(close.reply_text)
            return .refusedLogin(uri, code: close.reply_code, text: text)
        default: break
        }
        let cause = LibraryStatus(code: reply.library_error)
        // With TLS 1.3 a client hears only now, by the first read, that its certificate was not taken.
        if reply.library_error == AMQP_STATUS_SSL_ERROR.rawValue {
            return RabbitMQError(
                .unreachable,
                "\(uri): the broker ended the TLS connection: if it demands a client's certificate, check certfile and "
                    + "keyfile", underlying: cause)
        }
        return RabbitMQError(
            .unreachable, "\(uri): what listens there did not complete an AMQP 0-9-1 login", underlying: cause)
    }
}
