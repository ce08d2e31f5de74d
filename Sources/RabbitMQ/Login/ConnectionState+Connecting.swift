internal import CMqantRabbitMQ
import Glibc
import MqantAMQPURI

extension ConnectionState {
    /// Looks the host up, and connects to the first of its addresses that answers, with TLS if the URI says so. All of it
    /// takes at most `timeout`.
    func connect(
        to uri: AMQPURI, _ configuration: ConnectionConfiguration, timeout: Duration,
        guardedBy cutter: SocketGuard
    ) throws(RabbitMQError) -> PeerAddress {
        let deadline = MonotonicTime.now + timeout
        let addresses = try Self.addresses(of: uri, configuration, deadline, timeout)
        if uri.tls == nil {
            let (address, descriptor) = try Self.race(addresses, uri, deadline, timeout, cutter)
            try adopt(descriptor, uri)
            return address
        }
        if addresses.count == 1, let only = addresses.first {
            try shakeHands(with: uri, at: only, until: deadline, timeout)
            return only
        }
        // librabbitmq opens TLS sockets by itself: this one only tells which address answers.
        let (address, descriptor) = try Self.race(addresses, uri, deadline, timeout, cutter)
        close(descriptor)
        try shakeHands(with: uri, at: address, until: deadline, timeout)
        return address
    }

    private static func addresses(
        of uri: AMQPURI, _ configuration: ConnectionConfiguration, _ deadline: MonotonicTime, _ timeout: Duration
    ) throws(RabbitMQError) -> [PeerAddress] {
        switch configuration.names.addresses(of: uri.host, port: uri.port, until: deadline) {
        case .addresses(let addresses) where !addresses.isEmpty:
            return AddressRace.order(addresses, preferred: configuration.preferredAddress)
        case .addresses, .unknownName:
            throw RabbitMQError(
                .unreachable, "\(uri): the host's name cannot be resolved: check it, or the network")
        case .late:
            throw RabbitMQError(
                .unreachable, "\(uri): the host's name was not resolved within \(timeout): check the network's DNS")
        }
    }

    private static func race(
        _ addresses: [PeerAddress], _ uri: AMQPURI, _ deadline: MonotonicTime, _ timeout: Duration,
        _ cutter: SocketGuard
    ) throws(RabbitMQError) -> (PeerAddress, Int32) {
        do throws(AddressRace.Failure) {
            return try AddressRace.run(addresses, until: deadline) { cutter.cutReason != nil }
        } catch {
            let all = addresses.count > 1 ? " (at \(addresses.map(\.host).joined(separator: ", ")))" : ""
            switch error {
            case .refused(let cause):
                throw RabbitMQError(
                    .unreachable,
                    "\(uri): nobody listens there\(all): start the broker, or check host and port (\(cause))",
                    underlying: cause)
            case .late:
                throw RabbitMQError(
                    .unreachable, "\(uri): no answer within \(timeout)\(all): check host, port and firewall")
            case .cut:
                throw cutter.cutReason ?? RabbitMQError(.closedLocally, "the connection was cut")
            }
        }
    }

    /// Takes a connected socket over.
    private func adopt(_ descriptor: Int32, _ uri: AMQPURI) throws(RabbitMQError) {
        try withState { (state) throws(RabbitMQError) in
            guard let socket = amqp_tcp_socket_new(state) else {
                close(descriptor)
                throw RabbitMQError(.unreachable, "\(uri): no memory for a socket")
            }
            // The state owns the socket from here on and frees it with itself.
            amqp_tcp_socket_set_sockfd(socket, descriptor)
        }
    }

    private func shakeHands(
        with uri: AMQPURI, at address: PeerAddress, until deadline: MonotonicTime, _ timeout: Duration
    ) throws(RabbitMQError) {
        let peer = TLSPeer(uri)
        self.peer = peer
        try withState { (state) throws(RabbitMQError) in
            guard let socket = amqp_ssl_socket_new(state) else {
                throw RabbitMQError(.unreachable, "\(uri): no memory for a socket")
            }
            if let tls = uri.tls {
                try Self.configure(socket, tls, uri)
                try peer.expect(socket, verifying: tls.verifiesPeer)
            }
            let now = MonotonicTime.now
            let nanoseconds = deadline > now ? deadline.nanoseconds - now.nanoseconds : 0
            var left = Duration.nanoseconds(Int64(clamping: nanoseconds)).timeval
            let status = amqp_socket_open_noblock(socket, address.host, Int32(uri.port), &left)
            guard status == Int32(AMQP_STATUS_OK.rawValue) else {
                throw Self.handshakeError(status, uri, peer, timeout)
            }
        }
    }

    private static func configure(
        _ socket: OpaquePointer, _ tls: TLSOptions, _ uri: AMQPURI
    ) throws(RabbitMQError) {
        func unusable(_ what: String, _ path: String) -> RabbitMQError {
            RabbitMQError(.invalidConfiguration, "\(uri): the \(what) \(path) cannot be read or is not PEM")
        }
        amqp_ssl_socket_set_verify_peer(socket, tls.verifiesPeer ? 1 : 0)
        // OpenSSL does it (`TLSPeer`).
        amqp_ssl_socket_set_verify_hostname(socket, 0)
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

    private static func handshakeError(
        _ status: Int32, _ uri: AMQPURI, _ peer: TLSPeer, _ timeout: Duration
    ) -> RabbitMQError {
        let cause = LibraryStatus(code: status)
        if let refusal = peer.refusal(uri) {
            return RabbitMQError(.untrustedPeer, "\(uri): \(refusal)", underlying: cause)
        }
        switch amqp_status_enum(rawValue: status) {
        case AMQP_STATUS_TIMEOUT:
            return RabbitMQError(
                .unreachable, "\(uri): no answer within \(timeout): check host, port and firewall", underlying: cause)
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
}
