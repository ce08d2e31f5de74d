import MqantMQTT
import NIOCore

/// What is written to one client and is not with its channel yet: it decides when bytes leave, so that what can leave
/// together does. A value without I/O: the connection writes what comes out.
struct ConnectionOutput {
    /// How long an acknowledgement waits at most for an answer: half of what TCP's own do (RFC 1122 §4.2.3.2 allows
    /// 500 ms, Linux takes 40 ms).
    static let longestHold = TimeAmount.milliseconds(20)
    /// Output of this size leaves at once: NIO copies what grows, and the bound is looked at when it leaves.
    private static let large = 65_536
    /// Pushes up to this size are copied to one buffer while the client does not take them: each buffer has a cost of
    /// some hundred bytes.
    private static let smallPush = 1024
    /// Memory for the output of a read, at first.
    private static let smallest = 256
    /// Larger memory is given back.
    private static let largestSpare = 16_384

    /// What `flush` comes to.
    enum Flush {
        case nothing
        case write(ByteBuffer)
        /// So many bytes stay, because the client has not taken what came before.
        case keep(Int)
    }

    /// What the end of a read comes to.
    enum ReadEnd {
        case flush
        /// Acknowledgements wait for an answer, until then at most.
        case hold(until: NIODeadline)
        case nothing
    }

    private var bytes = ByteBuffer()
    /// True while packets of one read are taken in: what they bring leaves at its end.
    private(set) var isReading = false
    private var isFlushPlanned = false
    /// True if something was written that waits for no answer of a module: all of the output leaves now.
    private var isUrgent = false
    /// While acknowledgements wait for the answer of a request: for how long at most.
    private(set) var heldUntil: NIODeadline?
    /// True while the client does not take what is written to it.
    private(set) var isBlocked = false

    /// True if it is to leave before the end of the turn.
    var isLarge: Bool { bytes.readableBytes >= Self.large }

    /// Writes bytes; `planFlush`, or the end of the read, has them leave.
    /// - Returns: whether anything was written.
    @discardableResult
    mutating func write(_ body: (inout ByteBuffer) throws(MQTTError) -> Void) throws(MQTTError) -> Bool {
        let count = bytes.readableBytes
        try body(&bytes)
        return bytes.readableBytes > count
    }

    /// Writes a packet that many get, unless it is better sent as it is: then nothing needs to be copied.
    /// - Returns: false if the connection is to send it, behind what is here.
    mutating func writeShared(_ packet: ByteBuffer) -> Bool {
        let sendsAlone = isBlocked ? packet.readableBytes > Self.smallPush : bytes.readableBytes == 0
        if !sendsAlone { bytes.writeImmutableBuffer(packet) }
        return !sendsAlone
    }

    // MARK: When it leaves

    /// - Parameter spare: memory that may be used until the end of the read.
    mutating func beginRead(_ spare: inout ByteBuffer) {
        isReading = true
        guard bytes.storageCapacity == 0 else { return }
        swap(&bytes, &spare)
        // Other memory, if the channel has this still.
        bytes.clear(minimumCapacity: Self.smallest)
    }

    /// Ends a read: what was written leaves, or waits for an answer that it can leave with.
    /// - Parameters:
    ///   - awaitsAnswer: whether a module has a request of this client, whose answer will come.
    ///   - spare: gets the memory that was not needed.
    mutating func endRead(
        awaitsAnswer: Bool, _ spare: inout ByteBuffer, now: @autoclosure () -> NIODeadline
    ) -> ReadEnd {
        isReading = false
        if bytes.readableBytes == 0, bytes.storageCapacity > 0 {
            Self.keep(bytes, in: &spare)
            bytes = ByteBuffer()
        }
        if isUrgent || !awaitsAnswer { return .flush }
        guard heldUntil == nil, bytes.readableBytes > 0 else { return .nothing }
        let limit = now() + Self.longestHold
        heldUntil = limit
        return .hold(until: limit)
    }

    /// What was written does not wait for an answer.
    mutating func setUrgent() { isUrgent = true }

    /// The same. It leaves at the end of this turn of the loop.
    /// - Returns: true if that is to be planned: no read is about to end, and it was not planned before.
    mutating func planFlush() -> Bool {
        isUrgent = true
        guard !isReading, !isFlushPlanned else { return false }
        isFlushPlanned = true
        return true
    }

    /// Gives out what is to be handed to the channel.
    /// - Parameter always: also for a client that has not taken what came before; else it is kept in one buffer until then.
    mutating func flush(always: Bool = false) -> Flush {
        isFlushPlanned = false
        isUrgent = false
        heldUntil = nil
        guard bytes.readableBytes > 0 else { return .nothing }
        guard always || !isBlocked || isLarge else { return .keep(bytes.readableBytes) }
        defer { bytes = ByteBuffer() }
        return .write(bytes)
    }

    /// Keeps memory for the next read, whoever's it is. A connection itself keeps none.
    static func keep(_ bytes: ByteBuffer, in spare: inout ByteBuffer) {
        if bytes.storageCapacity <= largestSpare { spare = bytes }
    }

    /// The client takes what is written, or has stopped to.
    /// - Returns: false if that is known.
    mutating func setBlocked(_ blocked: Bool) -> Bool {
        defer { isBlocked = blocked }
        return isBlocked != blocked
    }

    /// Forgets what has not left.
    mutating func removeAll() { bytes = ByteBuffer() }
}
