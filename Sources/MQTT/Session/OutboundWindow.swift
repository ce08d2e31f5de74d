internal import NIOCore

/// The messages at QoS 1 and 2 on their way to one client: a window of those that it has not acknowledged, and behind it a
/// bounded queue of those that wait for a place there, in order (MQTT 3.1.1 §4.3, §4.6).
///
/// What is in flight is known by its identifier only. Nothing is ever sent twice: that is for sessions that go on over a
/// new connection (§4.4), and none does here.
struct OutboundWindow: Sendable {
    /// What the client has to send next for a message in flight.
    private enum Stage: Sendable {
        case puback, pubrec, pubcomp
    }

    private struct Waiting: Sendable {
        var topic: TopicName
        var payload: ByteBuffer
        var qos: QoS

        var byteCount: Int { topic.bytes.readableBytes + payload.readableBytes }
    }

    private var stages: [PacketID: Stage] = [:]
    private var nextID = PacketID.first
    /// Nil when empty: its storage goes with the backlog that it was needed for.
    private var queue: CircularBuffer<Waiting>?
    /// Bytes of topics and payloads in the queue.
    private(set) var queuedBytes = 0

    var inFlightCount: Int { stages.count }
    var queuedCount: Int { queue?.count ?? 0 }

    /// Writes the message into `buffer` if the window has a place, else queues it.
    /// - Throws: `packetTooLarge` or `queueFull`, having changed and written nothing.
    mutating func push(
        topic: TopicName, payload: ByteBuffer, qos: QoS, limits: ServerSession.Configuration,
        into buffer: inout ByteBuffer
    ) throws(MQTTError) {
        let waiting = Waiting(topic: topic, payload: payload, qos: qos)
        if queue == nil, stages.count < limits.inFlightWindow {
            return try send(waiting, into: &buffer)
        }
        // Too large is said now, to the sender, not when its turn comes.
        _ = try PacketEncoder.publishRemainingLength(topic: topic, hasID: true, payloadSize: payload.readableBytes)
        guard queuedCount < limits.queuedMessages, queuedBytes + waiting.byteCount <= limits.queuedBytes else {
            throw MQTTError(.queueFull)
        }
        queuedBytes += waiting.byteCount
        if queue == nil { queue = CircularBuffer(initialCapacity: 4) }
        queue?.append(waiting)
    }

    /// PUBACK ends a message at QoS 1; for anything else it means nothing and is ignored.
    mutating func puback(
        _ id: PacketID, limits: ServerSession.Configuration, into buffer: inout ByteBuffer
    ) throws(MQTTError) {
        guard stages[id] == .puback else { return }
        try release(id, limits: limits, into: &buffer)
    }

    /// PUBREC is answered with PUBREL, also when it comes again; the identifier stays taken until PUBCOMP (§4.3.3).
    mutating func pubrec(_ id: PacketID, into buffer: inout ByteBuffer) {
        guard let stage = stages[id], stage != .puback else { return }
        stages[id] = .pubcomp
        PacketEncoder.writePubrel(id, into: &buffer)
    }

    /// PUBCOMP ends a message at QoS 2 whose PUBREC has come; any other is ignored.
    mutating func pubcomp(
        _ id: PacketID, limits: ServerSession.Configuration, into buffer: inout ByteBuffer
    ) throws(MQTTError) {
        guard stages[id] == .pubcomp else { return }
        try release(id, limits: limits, into: &buffer)
    }

    private mutating func release(
        _ id: PacketID, limits: ServerSession.Configuration, into buffer: inout ByteBuffer
    ) throws(MQTTError) {
        stages[id] = nil
        while stages.count < limits.inFlightWindow, let next = queue?.popFirst() {
            queuedBytes -= next.byteCount
            try send(next, into: &buffer)
        }
        if queue?.isEmpty == true { queue = nil }
    }

    private mutating func send(_ message: Waiting, into buffer: inout ByteBuffer) throws(MQTTError) {
        // Ends: fewer identifiers are taken than the window is wide, and that is at most all of them but one.
        var id = nextID
        while stages[id] != nil { id = id.next }
        try PacketEncoder.writePublish(
            topic: message.topic, payload: message.payload,
            delivery: message.qos == .exactlyOnce ? .exactlyOnce(id) : .atLeastOnce(id), into: &buffer)
        stages[id] = message.qos == .exactlyOnce ? .pubrec : .puback
        nextID = id.next
    }
}
