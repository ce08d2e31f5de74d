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
    private var isClosing = false
    private var isInMessage = false

    /// - Parameter limit: the largest frame, in bytes.
    init(limit: Int) { self.limit = limit }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isClosing else { return }
        let frame = unwrapInboundIn(data)
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
            send(context, .pong, frame.unmaskedData)
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
