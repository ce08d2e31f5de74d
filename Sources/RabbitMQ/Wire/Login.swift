internal import CRabbitMQ
import Glibc

/// A connection that has just logged in: what `Link` is made of.
///
/// Made on the owner thread. These are the only calls of librabbitmq that wait for the network; each has a bound.
struct Login {
    let transport: any FrameTransport
    let frameMaximum: Int
    let channelMaximum: Int
    let heartbeat: Duration

    /// Bytes; what RabbitMQ itself proposes.
    private static let proposedFrameMaximum: Int32 = 131_072
    private static let proposedChannelMaximum: Int32 = 2047

    init(
        to uri: ConnectionURI, _ configuration: Connection.Configuration, socket: SocketGuard
    ) throws(RabbitMQError) {
        let timeout = uri.connectTimeout ?? configuration.connectTimeout
        let proposed = uri.heartbeat ?? configuration.heartbeat
        let state = try ConnectionState(socket: socket)
        try state.connect(to: uri, timeout: timeout)
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
    fileprivate func connect(to uri: ConnectionURI, timeout: Duration) throws(RabbitMQError) {
        try withState { (state) throws(RabbitMQError) in
            let socket = uri.tls == nil ? amqp_tcp_socket_new(state) : amqp_ssl_socket_new(state)
            // The state owns the socket from here on and frees it with itself.
            guard let socket else { throw RabbitMQError(.unreachable, "\(uri): no memory for a socket") }
            if let tls = uri.tls { try Self.configure(socket, tls, uri) }
            var bound = timeout.timeval
            let status = amqp_socket_open_noblock(socket, uri.host, Int32(uri.port), &bound)
            guard status == Int32(AMQP_STATUS_OK.rawValue) else { throw Self.connectError(status, uri, timeout) }
        }
    }

    private static func configure(
        _ socket: OpaquePointer, _ tls: TLSOptions, _ uri: ConnectionURI
    ) throws(RabbitMQError) {
        func unusable(_ what: String, _ path: String) -> RabbitMQError {
            RabbitMQError(.invalidConfiguration, "\(uri): the \(what) \(path) cannot be read or is not PEM")
        }
        amqp_ssl_socket_set_verify_peer(socket, tls.verifiesPeer ? 1 : 0)
        amqp_ssl_socket_set_verify_hostname(socket, tls.verifiesPeer ? 1 : 0)
        guard amqp_ssl_socket_set_ssl_versions(socket, AMQP_TLSv1_2, AMQP_TLSvLATEST) == 0 else {
            throw RabbitMQError(.invalidConfiguration, "\(uri): this librabbitmq has no TLS 1.2")
        }
        if tls.verifiesPeer || tls.authorityFile != nil {
            let path = tls.authorityFile ?? TLSOptions.systemAuthorityFile
            guard amqp_ssl_socket_set_cacert(socket, path) == 0 else { throw unusable("cacertfile", path) }
        }
        if let certificate = tls.certificateFile, let key = tls.keyFile {
            guard amqp_ssl_socket_set_key(socket, certificate, key) == 0 else {
                throw unusable("certfile or keyfile", "\(certificate), \(key)")
            }
        }
    }

    private static func connectError(_ status: Int32, _ uri: ConnectionURI, _ timeout: Duration) -> RabbitMQError {
        let cause = LibraryStatus(code: status)
        switch amqp_status_enum(rawValue: status) {
        case AMQP_STATUS_HOSTNAME_RESOLUTION_FAILED:
            return RabbitMQError(
                .unreachable, "\(uri): the host's name cannot be resolved: check it, or the network", underlying: cause)
        case AMQP_STATUS_TIMEOUT:
            return RabbitMQError(
                .unreachable, "\(uri): no answer within \(timeout): check host, port and firewall", underlying: cause)
        case AMQP_STATUS_SSL_HOSTNAME_VERIFY_FAILED:
            return RabbitMQError(
                .untrustedPeer, "\(uri): the broker's certificate was not issued for the host \(uri.host)",
                underlying: cause)
        case AMQP_STATUS_SSL_PEER_VERIFY_FAILED:
            return RabbitMQError(
                .untrustedPeer, "\(uri): the broker's certificate is not trusted: check cacertfile", underlying: cause)
        case AMQP_STATUS_SSL_CONNECTION_FAILED, AMQP_STATUS_SSL_ERROR:
            return RabbitMQError(
                .unreachable,
                "\(uri): the TLS handshake failed: check that this is the broker's TLS port, and certfile",
                underlying: cause)
        default:
            return RabbitMQError(
                .unreachable, "\(uri): nobody listens there: start the broker, or check host and port",
                underlying: cause)
        }
    }

    fileprivate func login(
        to uri: ConnectionURI, name: String, timeout: Duration, channelMaximum: Int32, frameMaximum: Int32,
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

    private static func loginError(_ reply: amqp_rpc_reply_t, _ uri: ConnectionURI) -> RabbitMQError? {
        switch reply.reply_type {
        case AMQP_RESPONSE_NORMAL: return nil
        case AMQP_RESPONSE_SERVER_EXCEPTION:
            guard reply.reply.id == MethodID.connectionClose, let decoded = reply.reply.decoded else { break }
            let close = decoded.assumingMemoryBound(to: amqp_connection_close_t.self).pointee
            var strings = StringCache()
            let text = strings.string(close.reply_text)
            // 403 while logging in is the user or the password, or its lacking right on the virtual host;
            // RabbitMQ's words tell them apart, its codes do not.
            if close.reply_code == 530 || text.contains("vhost") {
                return RabbitMQError(
                    .virtualHostRefused,
                    "\(uri): the virtual host \(uri.virtualHost) does not exist or refuses this user: "
                        + "rabbitmqctl add_vhost, set_permissions",
                    replyCode: close.reply_code, replyText: text)
            }
            return RabbitMQError(
                .loginRefused,
                "\(uri): the broker refused the login: check user and password (guest works from the broker's own "
                    + "host only)",
                replyCode: close.reply_code, replyText: text)
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
