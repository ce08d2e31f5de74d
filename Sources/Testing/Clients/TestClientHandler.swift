import NIOCore

/// Hands what the server sends to a client's inbox, and acknowledges what is to be acknowledged.
final class TestClientHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let inbox: TestInbox
    private var packets = ServerPacketReader()

    init(_ inbox: TestInbox) { self.inbox = inbox }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        packets.append(unwrapInboundIn(data))
        while let packet = packets.next() { receive(packet, context) }
    }

    func channelInactive(context: ChannelHandlerContext) { inbox.closed() }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func receive(_ packet: ServerPacket, _ context: ChannelHandlerContext) {
        switch packet.type {
        case 2:
            // CONNACK (MQTT 3.1.1 §3.2): anything but return code 0 is followed by the end of the connection.
            if packet.body.getInteger(at: packet.body.readerIndex + 1, as: UInt8.self) == 0 { inbox.connected() }
        case 3:
            guard let publish = packet.publish else { return }
            // PUBACK (§3.4), PUBREC (§3.5).
            if let id = publish.id { acknowledge(publish.qos == 1 ? 0x40 : 0x50, id, context) }
            inbox.received(publish.topic, publish.payload)
        case 6:
            // PUBREL (§3.6) is answered by PUBCOMP (§3.7).
            if let id = packet.body.getInteger(at: packet.body.readerIndex, as: UInt16.self) {
                acknowledge(0x70, id, context)
            }
        default:
            break
        }
    }

    private func acknowledge(_ first: UInt8, _ id: UInt16, _ context: ChannelHandlerContext) {
        context.writeAndFlush(NIOAny(ClientPacket.acknowledgement(first, id)), promise: nil)
    }
}
