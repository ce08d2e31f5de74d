import NIOCore
import NIOWebSocket

/// Counts the bytes of a frame that is not whole yet. NIO's decoder keeps them, so this handler stands before it, and
/// hears from `WebSocketCodec`, behind it, of each whole frame.
final class WebSocketMeter: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let connection: ClientConnection
    private var bytes = 0
    private var hasTaken = false

    init(_ connection: ClientConnection) { self.connection = connection }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        bytes += unwrapInboundIn(data).readableBytes
        hasTaken = false
        context.fireChannelRead(data)
        connection.framingHolds(max(0, bytes), isNew: hasTaken)
    }

    /// A whole frame has come.
    func took(_ frame: WebSocketFrame) {
        let length = frame.length
        // RFC 6455 §5.2: two bytes, a longer length's own, the key, the payload.
        bytes -= 2 + (length < 126 ? 0 : length < 65_536 ? 2 : 8) + (frame.maskKey == nil ? 0 : 4) + length
        hasTaken = true
    }

    /// A frame was written that is no packet.
    func wrote() { connection.wrote() }
}
