import Glibc
package import NIOCore
package import NIOPosix

extension ListenAddress {
    /// Listens for TCP connections, as many as a limit allows.
    ///
    /// - Parameters:
    ///   - bind: adds what a connection needs to the bootstrap, and binds it to the address that it is given.
    /// - Returns: what `bind` returned.
    package func listen<Value>(
        _ group: any EventLoopGroup, limit: ConnectionLimit, logger: Logger,
        bind: (ServerBootstrap, SocketAddress) async throws -> Value
    ) async throws(ListenError) -> Value {
        do {
            let addresses = try socketAddresses()
            for address in addresses.dropLast() {
                do {
                    return try await bind(bootstrap(group, address, limit, logger), address)
                } catch let error as IOError where [EAFNOSUPPORT, EADDRNOTAVAIL].contains(error.errnoCode) {
                    continue
                }
            }
            guard let last = addresses.last else { throw SocketAddressError.unsupported }
            return try await bind(bootstrap(group, last, limit, logger), last)
        } catch {
            throw ListenError(address: self, underlyingError: error)
        }
    }

    /// What to bind to; the next ones where a machine does not have the one before.
    ///
    /// Without a host, every address of the machine: IPv6's any takes IPv4 too, where there is IPv6. An address is not
    /// looked up: the resolver denies IPv6's any where no interface has IPv6.
    private func socketAddresses() throws -> [SocketAddress] {
        guard !host.isEmpty else {
            return [
                try SocketAddress(ipAddress: "::", port: port), try SocketAddress(ipAddress: "0.0.0.0", port: port),
            ]
        }
        if IPAddress(host) != nil { return [try SocketAddress(ipAddress: host, port: port)] }
        return [try .makeAddressResolvingHost(host, port: port)]
    }

    private func bootstrap(
        _ group: any EventLoopGroup, _ address: SocketAddress, _ limit: ConnectionLimit, _ logger: Logger
    ) -> ServerBootstrap {
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(NewcomerHandler(limit: limit, logger: logger))
                }
            }
        guard host.isEmpty, address.protocol == .inet6 else { return bootstrap }
        // Linux's default, unless net.ipv6.bindv6only says otherwise.
        let only = ChannelOptions.Types.SocketOption(level: .ipv6, name: .ipv6_v6only)
        return bootstrap.serverChannelOption(only, value: 0)
    }
}

/// An address that cannot be listened on.
package struct ListenError: Error, CustomStringConvertible {
    package let address: ListenAddress
    package let underlyingError: any Error

    package var description: String {
        if let error = underlyingError as? IOError {
            return "cannot listen on \(address): \(String(cString: strerror(error.errnoCode)))"
        }
        return "cannot listen on \(address): \(underlyingError)"
    }
}
