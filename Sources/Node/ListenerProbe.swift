import Mqant
import NIOCore
import NIOPosix

/// Asks at an address at which a module of this machine should listen whether a living process is behind it.
///
/// A connection alone proves nothing: the kernel takes it for a process that hangs. So an HTTP request is sent, which HTTP
/// servers answer and all others refuse, if only by closing: MQTT and TLS both do.
struct ListenerProbe: Sendable {
    let instance: String
    let listener: SettingsReader.Listener

    private static let request = """
        GET / HTTP/1.1\r
        Host: localhost\r
        User-Agent: mqantserver-health\r
        Connection: close\r
        \r

        """

    /// - Throws: `Unhealthy`.
    func run(within bound: Duration) async throws {
        let bound = max(.milliseconds(1), bound)
        let channel: NIOAsyncChannel<ByteBuffer, ByteBuffer>
        do {
            channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connectTimeout(TimeAmount(bound))
                .connect(host: host, port: listener.address.port) { channel in
                    channel.eventLoop.makeCompletedFuture { try NIOAsyncChannel(wrappingChannelSynchronously: channel) }
                }
        } catch {
            throw fault("takes no connection")
        }
        let answer = await withTaskGroup(of: Answer.self) { group in
            group.addTask { await Self.ask(channel) }
            group.addTask {
                try? await Task.sleep(for: bound)
                return .none
            }
            defer { group.cancelAll() }
            return await group.next() ?? .none
        }
        switch answer {
        case .none: throw fault("takes connections, and does not react")
        case .closed: break
        case .bytes(let text):
            guard let status = Self.httpStatus(text), status >= 500 else { break }
            throw fault("answers with status \(status)")
        }
    }

    private enum Answer: Sendable {
        case none
        case closed
        case bytes(String)
    }

    private static func ask(_ channel: NIOAsyncChannel<ByteBuffer, ByteBuffer>) async -> Answer {
        let answer = try? await channel.executeThenClose { inbound, outbound in
            try await outbound.write(ByteBuffer(string: request))
            for try await bytes in inbound { return Answer.bytes(String(buffer: bytes)) }
            return .closed
        }
        // A reset is a reaction too; by cancellation nobody looks at it any more.
        return answer ?? .closed
    }

    /// The status of an HTTP answer's first line (RFC 9112 §4); nil if it is none.
    private static func httpStatus(_ text: String) -> Int? {
        let words = text.prefix { $0 != "\r\n" }.split(separator: " ")
        guard words.count > 1, words[0].hasPrefix("HTTP/") else { return nil }
        return Int(words[1])
    }

    /// Where a client on this machine reaches it.
    private var host: String {
        switch listener.address.host {
        case "", "0.0.0.0": "127.0.0.1"
        case "::": "::1"
        case let host: host
        }
    }

    private func fault(_ what: String) -> Unhealthy {
        Unhealthy("not up: \(instance): \(listener.label) \(listener.shownAddress) \(what)")
    }
}
