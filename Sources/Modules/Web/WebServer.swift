import Glibc
import Hummingbird
import HummingbirdCore
import Logging
import Mqant
import NIOCore
import NIOHTTP1
import NIOPosix
import ServiceLifecycle

/// Speaks HTTP/1.1 with browsers, within bounds: hummingbird's connections behind a listener like a Gate's.
///
/// hummingbird's own server neither bounds its connections but by leaving newcomers unanswered, nor stops accepting when
/// descriptors have run out.
struct WebServer<Responder: HTTPResponder> where Responder.Context == BasicRequestContext {
    let configuration: WebSettings
    let group: MultiThreadedEventLoopGroup
    let connections: ConnectionLimit
    let responder: Responder
    /// The program, as the answers' `Server` header names it.
    let program: String
    /// For what is wrong.
    let logger: Logger

    /// Serves until the graceful shutdown.
    /// - Parameter onListening: is told the port.
    /// - Throws: `ListenError` if the address cannot be listened on.
    func run(onListening: (Int) -> Void) async throws {
        let http = makeChannel()
        let server = try await configuration.address.listen(group, limit: connections, logger: logger) {
            [logger] bootstrap, address in
            try await bootstrap
                .childChannelOption(.allowRemoteHalfClosure, value: true)
                .childChannelOption(
                    .recvAllocator, value: AdaptiveRecvByteBufferAllocator(minimum: 256, initial: 1024, maximum: 16_384)
                )
                .bind(to: address) { channel in http.setup(channel: channel, logger: logger) }
        }
        onListening(server.channel.localAddress?.port ?? configuration.address.port)
        try await withGracefulShutdownHandler {
            try await withThrowingDiscardingTaskGroup { tasks in
                try await server.executeThenClose { arrivals in
                    for try await connection in arrivals {
                        tasks.addTask { await serve(connection, http) }
                    }
                }
            }
        } onGracefulShutdown: {
            server.channel.close(promise: nil)
        }
    }

    /// Serves one connection; at the graceful shutdown it ends with the answer to the request that it has.
    private func serve(_ connection: HTTP1Channel.Value, _ http: HTTP1Channel) async {
        await withGracefulShutdownHandler {
            await http.handle(value: connection, logger: logger)
        } onGracefulShutdown: {
            connection.channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        }
    }

    private func makeChannel() -> HTTP1Channel {
        HTTP1Channel(
            responder: { [responder, program, logger] request, writer, channel in
                let context = BasicRequestContext(source: .init(channel: channel, logger: logger))
                var response: Response
                do {
                    response = try await responder.respond(to: request, context: context)
                } catch let error as HTTPParserError {
                    throw error
                } catch {
                    response = Response(status: .internalServerError)
                }
                response.headers[.date] = Self.date(time(nil))
                response.headers[.server] = program
                do {
                    try await writer.write(response: response.head, body: response.body)
                } catch is HTTPParserError {
                    // It would be answered a second time.
                    throw CancellationError()
                }
            },
            configuration: .init(
                additionalChannelHandlers: [RequestBounds(configuration)],
                httpDecoderConfiguration: .init(
                    maxHeaderFieldSize: RequestBounds.headerFieldSize, maxHeaderListSize: RequestBounds.headerSize,
                    maxHeaderFieldCount: RequestBounds.headerFields)))
    }

    /// A time as HTTP has it (RFC 9110 §5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`.
    private static func date(_ time: time_t) -> String {
        var time = time
        var parts = tm()
        gmtime_r(&time, &parts)
        var text = [CChar](repeating: 0, count: 64)
        // In English: this program leaves the locale as it is at the start, which is C's.
        let length = strftime(&text, text.count, "%a, %d %b %Y %H:%M:%S GMT", &parts)
        return String(decoding: text.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
