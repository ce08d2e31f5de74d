/// A PUBLISH that came from the server. Its parts lie in the bytes that it was read from.
struct Publish {
    var qos: UInt8
    var packetID: UInt16
    var topic: UnsafeRawBufferPointer
    var payload: UnsafeRawBufferPointer

    init(_ packet: PacketScanner.Packet) throws(ConnectionFault) {
        let body = packet.body
        qos = (packet.header >> 1) & 3
        guard body.count >= 2 else { throw .notMQTT }
        var index = 2 + Int(body[0]) << 8 + Int(body[1])
        guard index + (qos > 0 ? 2 : 0) <= body.count else { throw .notMQTT }
        topic = UnsafeRawBufferPointer(rebasing: body[2..<index])
        packetID = 0
        if qos > 0 {
            packetID = UInt16(body[index]) << 8 | UInt16(body[index + 1])
            index += 2
        }
        payload = UnsafeRawBufferPointer(rebasing: body[index...])
    }
}
