import Mqant
import NIOCore
import NIOPosix
import NIOSSL

/// Asks at an address at which a module of this machine should listen whether it works.
struct ListenerProbe: Sendable {
    let instance: String
    let listener: SettingsReader.Listener

    private typealias Connection = NIOAsyncChannel<ByteBuffer, ByteBuffer>

    /// What came back.
    private enum Answer: Sendable {
        case right
        case wrong
        case closed
        case none
    }

    /// - Throws: `Unhealthy`.
    func run(within bound: Duration) async throws {
        let bound = max(.milliseconds(1), bound)
        guard let connection = await connect(within: bound) else { throw fault("takes no connection") }
        let answer = await withTaskGroup(of: Answer.self) { group in
            group.addTask { [check = listener.check] in await Self.ask(connection, check) }
            group.addTask {
                // The bound of the whole: who answers first ends it.
                try? await Task.sleep(for: bound)
                return .none
            }
            defer { group.cancelAll() }
            return await group.next() ?? .none
        }
        switch answer {
        case .right: break
        case .wrong: throw fault("does not answer as it should")
        case .closed: throw fault("closes connections without an answer")
        case .none: throw fault("takes connections, and does not answer")
        }
    }

    /// Connects to the first of the hosts that takes it.
    private func connect(within bound: Duration) async -> Connection? {
        let deadline = ContinuousClock.now + bound
        for host in hosts {
            let left = max(.milliseconds(1), deadline - .now)
            if let connection = try? await connect(to: host, within: left) { return connection }
        }
        return nil
    }

    private func connect(to host: String, within bound: Duration) async throws -> Connection {
        let usesTLS = listener.check.usesTLS
        return try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connectTimeout(TimeAmount(bound))
            .connect(host: host, port: listener.address.port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    if usesTLS { try channel.pipeline.syncOperations.addHandler(Self.makeTLSHandler()) }
                    return try NIOAsyncChannel(wrappingChannelSynchronously: channel)
                }
            }
    }

    /// This machine asks itself: there is nobody to be deceived by.
    private static func makeTLSHandler() throws -> NIOSSLClientHandler {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.certificateVerification = .none
        return try NIOSSLClientHandler(context: NIOSSLContext(configuration: configuration), serverHostname: nil)
    }

    private static func ask(_ connection: Connection, _ check: ListenerCheck) async -> Answer {
        let answer = try? await connection.executeThenClose { inbound, outbound in
            try await outbound.write(ByteBuffer(bytes: check.request))
            var received = ByteBuffer()
            for try await bytes in inbound {
                received.writeImmutableBuffer(bytes)
                let length = min(received.readableBytes, check.answer.count)
                guard received.readableBytesView.prefix(length).elementsEqual(check.answer.prefix(length)) else {
                    return Answer.wrong
                }
                if length == check.answer.count { return .right }
            }
            return .closed
        }
        // An error, most often a reset, is an end of the connection; by cancellation nobody looks at it any more.
        guard let answer, answer != .closed else { return check.answer.isEmpty ? .right : .closed }
        return answer
    }

    /// Where a client on this machine reaches it. A machine may have IPv4 alone, or IPv6 alone.
    private var hosts: [String] {
        switch listener.address.host {
        case "": ["127.0.0.1", "::1"]
        case "0.0.0.0": ["127.0.0.1"]
        case "::": ["::1"]
        case let host: [host]
        }
    }

    private func fault(_ what: String) -> Unhealthy {
        Unhealthy("not up: \(instance): \(listener.label) \(listener.shownAddress) \(what)")
    }
}
