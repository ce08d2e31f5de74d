import Mqant
import NIOCore
import NIOHTTP1
import NIOWebSocket

/// The HTTP request that opens a WebSocket (RFC 6455 §4.2), and MQTT behind it.
enum WebSocketHandshake {
    static func addHandlers(to channel: any Channel, connection: ClientConnection) throws {
        let settings = connection.services.settings
        let answer = NIOLoopBound(
            HandshakeHandler(timeout: TimeAmount(settings.handshakeTimeout)), eventLoop: channel.eventLoop)
        let upgrader = NIOWebSocketServerUpgrader(
            // One more than the packet's bound, so that the packet's own check is the one that speaks.
            maxFrameSize: settings.maximumPacketSize + 1,
            shouldUpgrade: { channel, head in
                channel.eventLoop.makeCompletedFuture { Self.responseHeaders(for: head) }
            },
            upgradePipelineHandler: { channel, _ in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    let meter = WebSocketMeter(connection)
                    let decoder = try pipeline.handler(type: ByteToMessageHandler<WebSocketFrameDecoder>.self)
                    try pipeline.addHandler(meter, position: .before(decoder))
                    try pipeline.addHandler(WebSocketCodec(limit: settings.maximumPacketSize, meter: meter))
                    try pipeline.addHandler(connection)
                }
            })
        try channel.pipeline.syncOperations.configureHTTPServerPipeline(
            withPipeliningAssistance: false,
            withServerUpgrade: (
                upgraders: [upgrader],
                completionHandler: { context in
                    // Before the upgrade's own handlers.
                    context.pipeline.syncOperations.removeHandler(answer.value, promise: nil)
                }
            ),
            withEncoderConfiguration: .init(), withDecoderLimitConfiguration: Self.headerLimits)
        try channel.pipeline.syncOperations.addHandler(answer.value)
    }

    /// Browsers send less than 2 KiB, and the cookies of their page's host, which may be 4 KiB each (RFC 6265 §6.1).
    private static var headerLimits: NIOHTTPDecoderLimitConfiguration {
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = 8192
        limits.maxHeaderListSize = 32_768
        limits.maxHeaderFieldCount = 100
        return limits
    }

    /// Nil: no upgrade; then `HandshakeHandler` answers.
    private static func responseHeaders(for head: HTTPRequestHead) -> HTTPHeaders? {
        switch WebSocketRequest.verdict(on: head) {
        case .accepted(let subprotocol?): ["Sec-WebSocket-Protocol": subprotocol]
        case .accepted(nil): [:]
        case .refused: nil
        }
    }
}

/// Ends a connection that does not become a WebSocket in time, and answers what is not a request for one.
private final class HandshakeHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let timeout: TimeAmount
    private var timer: Scheduled<Void>?
    private var isAnswered = false

    init(timeout: TimeAmount) { self.timeout = timeout }

    func handlerAdded(context: ChannelHandlerContext) {
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        timer = context.eventLoop.scheduleTask(in: timeout) {
            bound.value.close(promise: nil)
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) { timer?.cancel() }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        // At the head: a body is not waited for, nor a second request.
        guard case .head(let head) = unwrapInboundIn(data), !isAnswered,
            case .refused(let status, let text, var headers) = WebSocketRequest.verdict(on: head)
        else { return }
        isAnswered = true
        let body = ByteBuffer(string: text + "\n")
        headers.add(name: "Content-Type", value: "text/plain; charset=utf-8")
        headers.add(name: "Content-Length", value: "\(body.readableBytes)")
        headers.add(name: "Connection", value: headers.contains(name: "upgrade") ? "Upgrade, close" : "close")
        let response = HTTPResponseHead(version: .http1_1, status: status, headers: headers)
        context.write(wrapOutboundOut(.head(response)), promise: nil)
        if head.method != .HEAD { context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil) }
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in bound.value.close(promise: nil) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A handshake that no upgrader takes is answered as the request that it is.
        guard !(error is NIOWebSocketUpgradeError) else { return }
        context.close(promise: nil)
    }
}
