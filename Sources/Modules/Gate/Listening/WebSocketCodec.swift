import NIOCore
import NIOWebSocket

/// MQTT's byte stream in WebSocket frames: a packet may span frames, a frame may hold several packets.
///
/// Text frames are an error (MQTT 3.1.1 §6.0-1): the connection is closed with 1003.
final class WebSocketCodec: ChannelDuplexHandler {
    typealias InboundIn = WebSocketFrame
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = WebSocketFrame

    private let limit: Int
    private let meter: WebSocketMeter
    private var isClosing = false
    private var isInMessage = false
    /// What the newest ping said, until it is answered.
    private var ping: ByteBuffer?
    /// True while the client has not taken a pong.
    private var isPongOut = false

    /// - Parameters:
    ///   - limit: the largest frame, in bytes.
    ///   - meter: hears of each frame.
    init(limit: Int, meter: WebSocketMeter) {
        self.limit = limit
        self.meter = meter
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isClosing else { return }
        let frame = unwrapInboundIn(data)
        meter.took(frame)
        // RFC 6455 §5.2: no extension is spoken, so the reserved bits are zero.
        guard !frame.rsv1, !frame.rsv2, !frame.rsv3 else { return fail(context, .protocolError) }
        // RFC 6455 §5.1: what a client sends is masked.
        guard frame.maskKey != nil || frame.length == 0 else { return fail(context, .protocolError) }
        switch frame.opcode {
        case .binary:
            guard !isInMessage else { return fail(context, .protocolError) }
            isInMessage = !frame.fin
            context.fireChannelRead(wrapInboundOut(frame.unmaskedData))
        case .continuation:
            guard isInMessage else { return fail(context, .protocolError) }
            isInMessage = !frame.fin
            context.fireChannelRead(wrapInboundOut(frame.unmaskedData))
        case .ping:
            // A copy: a few bytes would keep the buffer of their read.
            ping = ByteBuffer(bytes: frame.unmaskedData.readableBytesView)
        case .connectionClose:
            isClosing = true
            send(context, .connectionClose, frame.unmaskedData)
            context.close(promise: nil)
        case .pong:
            break
        case .text:
            fail(context, .unacceptableData)
        default:
            fail(context, .protocolError)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        answerPing(context)
        context.fireChannelReadComplete()
    }

    /// Answers the newest ping, once the client has taken the pong before it (RFC 6455 §5.5.3 allows that): so one waits
    /// for a client that does not read, however many pings it sends.
    private func answerPing(_ context: ChannelHandlerContext) {
        guard let ping, !isPongOut, !isClosing else { return }
        self.ping = nil
        isPongOut = true
        meter.wrote()
        let frame = WebSocketFrame(fin: true, opcode: .pong, data: ping)
        context.writeAndFlush(wrapOutboundOut(frame)).assumeIsolated().whenSuccess { [self] in
            isPongOut = false
            answerPing(context)
        }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        context.write(
            wrapOutboundOut(WebSocketFrame(fin: true, opcode: .binary, data: unwrapOutboundIn(data))), promise: promise)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        case NIOWebSocketError.invalidFrameLength: fail(context, .messageTooLarge)
        default: fail(context, .protocolError)
        }
    }

    private func fail(_ context: ChannelHandlerContext, _ code: WebSocketErrorCode) {
        guard !isClosing else { return }
        isClosing = true
        var body = ByteBuffer()
        body.write(webSocketErrorCode: code)
        send(context, .connectionClose, body)
        context.close(promise: nil)
    }

    private func send(_ context: ChannelHandlerContext, _ opcode: WebSocketOpcode, _ data: ByteBuffer) {
        context.writeAndFlush(wrapOutboundOut(WebSocketFrame(fin: true, opcode: opcode, data: data)), promise: nil)
    }
}
