import Mqant
import NIOCore
import NIOHTTP1
import NIOWebSocket

/// The HTTP request that opens a WebSocket (RFC 6455 §4.2), and MQTT behind it.
enum WebSocketHandshake {
    /// In the order in which they are preferred (MQTT 3.1.1 §6, and what clients of 3.1 ask for).
    private static let subprotocols = ["mqtt", "mqttv3.1"]

    static func addHandlers(
        to channel: any Channel, connection: ClientConnection, permit: ConnectionPermit
    ) throws {
        let deadline = NIOLoopBound(
            HandshakeDeadline(gate: connection.gate, permit: permit), eventLoop: channel.eventLoop)
        let upgrader = NIOWebSocketServerUpgrader(
            // One more than the packet's bound, so that the packet's own check is the one that speaks.
            maxFrameSize: connection.gate.configuration.maximumPacketSize + 1,
            shouldUpgrade: { channel, head in
                channel.eventLoop.makeCompletedFuture { Self.responseHeaders(for: head) }
            },
            upgradePipelineHandler: { channel, _ in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(WebSocketCodec(limit: connection.gate.configuration.maximumPacketSize))
                    try pipeline.addHandler(connection)
                }
            })
        try channel.pipeline.syncOperations.configureHTTPServerPipeline(
            withPipeliningAssistance: false,
            withServerUpgrade: (
                upgraders: [upgrader],
                completionHandler: { context in
                    // Before the upgrade's own handlers: from here on the connection gives its place back.
                    deadline.value.upgraded()
                    context.pipeline.syncOperations.removeHandler(deadline.value, promise: nil)
                }
            ))
        try channel.pipeline.syncOperations.addHandler(deadline.value)
    }

    /// The subprotocol that both speak; nil, and so no upgrade, if the client names only others.
    private static func responseHeaders(for head: HTTPRequestHead) -> HTTPHeaders? {
        let offered = head.headers[canonicalForm: "sec-websocket-protocol"].map { $0.lowercased() }
        guard !offered.isEmpty else { return HTTPHeaders() }
        guard let chosen = subprotocols.first(where: offered.contains) else { return nil }
        return HTTPHeaders([("Sec-WebSocket-Protocol", chosen)])
    }
}

/// Ends a connection that does not become a WebSocket in time, and answers what is not a request for one.
private final class HandshakeDeadline: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let gate: GateState
    private let permit: ConnectionPermit
    private var timer: Scheduled<Void>?
    private var isUpgraded = false

    init(gate: GateState, permit: ConnectionPermit) {
        self.gate = gate
        self.permit = permit
    }

    func upgraded() { isUpgraded = true }

    func handlerAdded(context: ChannelHandlerContext) {
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        timer = context.eventLoop.scheduleTask(in: TimeAmount(gate.configuration.handshakeTimeout)) {
            bound.value.close(promise: nil)
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        timer?.cancel()
        if !isUpgraded { permit.giveBack() }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .end = unwrapInboundIn(data) else { return }
        var headers = HTTPHeaders([("Content-Type", "text/plain; charset=utf-8"), ("Connection", "close")])
        let body = ByteBuffer(string: "This port speaks MQTT over WebSocket (subprotocol mqtt).\n")
        headers.add(name: "Content-Length", value: "\(body.readableBytes)")
        let head = HTTPResponseHead(version: .http1_1, status: .upgradeRequired, headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in bound.value.close(promise: nil) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A handshake that no upgrader takes is answered as the request that it is.
        guard !(error is NIOWebSocketUpgradeError) else { return }
        context.close(promise: nil)
    }
}
