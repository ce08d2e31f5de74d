import MqantMQTT
import NIOCore

/// One client at a session of its own: sends bytes, sees what the server answers.
struct Client {
    var decoder: PacketDecoder
    var session: ServerSession

    /// A client that has connected already, or with `level` nil, one that has sent nothing yet.
    init(
        _ level: ProtocolLevel? = .v3_1_1, limits: ServerSession.Configuration = .init(),
        maximumPacketSize: Int = 1 << 20
    ) throws {
        decoder = PacketDecoder(maximumPacketSize: maximumPacketSize)
        session = ServerSession(configuration: limits)
        if let level { _ = try send(Wire.connect(level)) }
    }

    /// Sends packets; accepts a CONNECT.
    /// - Returns: the events but `.none`, and the server's packets.
    mutating func send(_ packets: [UInt8]...) throws -> (events: [ServerSession.Event], replies: [ServerPacket]) {
        var input = ByteBuffer(bytes: packets.joined())
        var output = ByteBuffer()
        var events: [ServerSession.Event] = []
        while let packet = try decoder.next(from: &input) {
            let event = try session.receive(packet, replies: &output)
            if event != .none { events.append(event) }
            if case .connected = event { try session.accept(replies: &output) }
        }
        return (events, try ServerPacket.all(in: Array(output.readableBytesView)))
    }

    /// Has the server push a message of `payload` to the topic `t`.
    mutating func push(_ payload: String, _ qos: QoS) throws -> [ServerPacket] {
        var output = ByteBuffer()
        let topic = try TopicName("t")
        try session.push(topic: topic, payload: ByteBuffer(string: payload), qos: qos, into: &output)
        return try ServerPacket.all(in: Array(output.readableBytesView))
    }
}

extension ServerPacket {
    /// A push as `Client.push` makes it.
    static func push(_ payload: String, _ qos: UInt8, id: UInt16 = 0) -> ServerPacket {
        .publish(topic: "t", payload: Array(payload.utf8), qos: qos, id: id, retain: false, duplicate: false)
    }
}
