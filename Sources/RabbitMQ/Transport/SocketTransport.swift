internal import CMqantRabbitMQ
import Glibc

/// Plain TCP: this side's own buffers around librabbitmq's encoders and decoders.
///
/// librabbitmq writes each frame with a system call of its own and waits when the socket is full; here a pass of the
/// loop costs one `send` and one `recv` however many frames they carry, and a full socket is a number, not a wait.
/// What the library had read beyond its login is taken from it first.
final class SocketTransport: FrameTransport {
    let descriptor: Int32
    private let state: ConnectionState
    private let frameMaximum: Int
    private let output = OutputBuffer()
    private let pool = ScratchPool()
    private let input: UnsafeMutableRawPointer
    private let inputCapacity: Int
    private var filled = 0
    /// Until its buffers are empty and at the edge of a frame, the library reads.
    private var librarysTurn = true
    private(set) var stalledSince: MonotonicTime?

    init(state: ConnectionState, descriptor: Int32, frameMaximum: Int) {
        self.state = state
        self.descriptor = descriptor
        self.frameMaximum = frameMaximum
        inputCapacity = max(256 * 1024, 2 * frameMaximum)
        input = .allocate(byteCount: inputCapacity, alignment: 16)
    }

    deinit {
        input.deallocate()
    }

    var neverWaits: Bool { true }
    var pendingBytes: Int { output.count }
    var awaitsSocket: Bool { output.count > 0 }

    func beginPass() {}

    func flush(_ now: MonotonicTime) throws(RabbitMQError) {
        guard output.count > 0 else { return }
        let taken: Int
        do {
            taken = try output.write(to: descriptor)
        } catch {
            throw .broken(error)
        }
        if output.count == 0 {
            stalledSince = nil
        } else if taken > 0 || stalledSince == nil {
            stalledSince = now
        }
    }

    // MARK: Sending

    func send(_ frame: inout amqp_frame_t) throws(RabbitMQError) {
        let channel = frame.channel
        switch Int32(frame.frame_type) {
        case AMQP_FRAME_METHOD:
            let method = frame.payload.method
            try append(.method, channel, room: frameMaximum) { payload, room in
                payload.storeBytes(of: method.id.bigEndian, as: UInt32.self)
                let rest = amqp_bytes_t(len: room - 4, bytes: payload + 4)
                let size = amqp_encode_method(method.id, method.decoded, rest)
                return size < 0 ? size : size + 4
            }
        case AMQP_FRAME_HEADER:
            let header = frame.payload.properties
            try append(.header, channel, room: frameMaximum) { payload, room in
                payload.storeBytes(of: header.class_id.bigEndian, as: UInt16.self)
                payload.storeBytes(of: 0, toByteOffset: 2, as: UInt16.self)
                payload.storeBytes(of: header.body_size.bigEndian, toByteOffset: 4, as: UInt64.self)
                let rest = amqp_bytes_t(len: room - 12, bytes: payload + 12)
                let size = amqp_encode_properties(header.class_id, header.decoded, rest)
                return size < 0 ? size : size + 12
            }
        case AMQP_FRAME_BODY:
            let body = frame.payload.body_fragment
            try append(.body, channel, room: body.len + FrameEnvelope.overhead) { payload, _ in
                if let bytes = body.bytes { payload.copyMemory(from: bytes, byteCount: body.len) }
                return Int32(clamping: body.len)
            }
        default:
            try append(.heartbeat, channel, room: FrameEnvelope.overhead) { _, _ in 0 }
        }
    }

    /// `encode` fills the payload, of which it gets the place and the room, and returns its size or a library status.
    private func append(
        _ kind: FrameEnvelope.Kind, _ channel: UInt16, room: Int,
        _ encode: (UnsafeMutableRawPointer, Int) -> Int32
    ) throws(RabbitMQError) {
        try output.append(room: room) { (memory) throws(RabbitMQError) -> Int in
            let size = encode(memory + FrameEnvelope.headerSize, room - FrameEnvelope.overhead)
            guard size >= 0 else { throw LibraryStatus(code: size).asConnectionError }
            FrameEnvelope.write(kind, channel: channel, payloadSize: Int(size), to: memory)
            memory.storeBytes(
                of: FrameEnvelope.end, toByteOffset: FrameEnvelope.headerSize + Int(size), as: UInt8.self)
            return Int(size) + FrameEnvelope.overhead
        }
    }

    // MARK: Receiving

    func receive(_ handle: (inout amqp_frame_t) throws(RabbitMQError) -> Void) throws(RabbitMQError) -> Bool {
        if librarysTurn {
            let more = try state.receiveFrames(limit: 1000, handle)
            librarysTurn = more || !state.isBetweenFrames
            return more
        }
        let room = inputCapacity - filled
        let count = recv(descriptor, input + filled, room, Int32(MSG_DONTWAIT))
        if count == 0 {
            throw RabbitMQError(.connectionClosed, "the broker closed the connection", outcome: .unknown)
        }
        if count < 0 {
            if errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR { return false }
            throw .broken(SystemCallError(call: "recv", number: errno))
        }
        filled += count
        try parse(handle)
        // A read that filled the buffer may have left something behind.
        return count == room
    }

    private func parse(_ handle: (inout amqp_frame_t) throws(RabbitMQError) -> Void) throws(RabbitMQError) {
        var offset = 0
        while true {
            let rest = UnsafeRawBufferPointer(start: input + offset, count: filled - offset)
            guard let envelope = try FrameEnvelope(reading: rest, frameMaximum: frameMaximum) else { break }
            let size = envelope.payloadSize + FrameEnvelope.overhead
            guard rest.count >= size else { break }
            guard rest[size - 1] == FrameEnvelope.end else {
                throw .malformed("a frame without its end octet")
            }
            var frame = amqp_frame_t()
            try decode(envelope, input + offset + FrameEnvelope.headerSize, into: &frame)
            try handle(&frame)
            pool.recycle()
            offset += size
        }
        filled -= offset
        if filled > 0 && offset > 0 { input.copyMemory(from: input + offset, byteCount: filled) }
    }

    private func decode(
        _ envelope: FrameEnvelope, _ payload: UnsafeMutableRawPointer, into frame: inout amqp_frame_t
    ) throws(RabbitMQError) {
        frame.frame_type = envelope.kind.rawValue
        frame.channel = envelope.channel
        var status: Int32 = 0
        var decoded: UnsafeMutableRawPointer?
        switch envelope.kind {
        case .method:
            let id = payload.loadUnaligned(as: UInt32.self).bigEndian
            let arguments = amqp_bytes_t(len: envelope.payloadSize - 4, bytes: payload + 4)
            pool.withPool { status = amqp_decode_method(id, $0, arguments, &decoded) }
            frame.payload.method.id = id
            frame.payload.method.decoded = decoded
        case .header:
            let classID = payload.loadUnaligned(as: UInt16.self).bigEndian
            let raw = amqp_bytes_t(len: envelope.payloadSize - 12, bytes: payload + 12)
            pool.withPool { status = amqp_decode_properties(classID, $0, raw, &decoded) }
            frame.payload.properties.class_id = classID
            frame.payload.properties.body_size = payload.loadUnaligned(fromByteOffset: 4, as: UInt64.self).bigEndian
            frame.payload.properties.decoded = decoded
        case .body:
            frame.payload.body_fragment = amqp_bytes_t(len: envelope.payloadSize, bytes: payload)
        case .heartbeat: break
        }
        if status < 0 { throw LibraryStatus(code: status).asConnectionError }
    }
}
