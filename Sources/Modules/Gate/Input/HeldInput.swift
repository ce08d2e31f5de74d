import NIOCore

/// Bytes of one client that are not taken in yet: a packet that is not whole, or packets that wait for their turn.
struct HeldInput {
    /// Less than this is not counted: an honest client's packet in two pieces passes whatever others do.
    static let uncounted = 4096

    private(set) var bytes = ByteBuffer()
    /// When the first packet in it began to come.
    private(set) var began: NIODeadline?
    /// The same of a WebSocket frame that is not whole, which NIO keeps.
    private(set) var framing = 0
    private var framingBegan: NIODeadline?
    /// Bytes that count for the Gate's bound.
    var counted = 0

    var isEmpty: Bool { bytes.readableBytes == 0 }

    /// Adds what was read behind what is there.
    mutating func append(_ more: inout ByteBuffer) {
        bytes.discardReadBytes()
        bytes.writeBuffer(&more)
    }

    /// Takes all bytes out.
    mutating func take() -> ByteBuffer {
        defer { bytes = ByteBuffer() }
        return bytes
    }

    /// Holds what is left of a read.
    /// - Parameter isNew: the first packet in it began now.
    mutating func hold(_ rest: ByteBuffer, isNew: Bool, now: NIODeadline) {
        // A small rest does not keep the large buffer that it was read into.
        bytes = rest.readableBytes < rest.storageCapacity / 4 ? ByteBuffer(bytes: rest.readableBytesView) : rest
        if isNew || began == nil { began = now }
    }

    mutating func clear() {
        bytes = ByteBuffer()
        began = nil
    }

    mutating func framingHolds(_ bytes: Int, isNew: Bool, now: NIODeadline) {
        framing = bytes
        if bytes == 0 { framingBegan = nil } else if isNew || framingBegan == nil { framingBegan = now }
    }

    /// What should count for the Gate's bound.
    var cost: Int {
        let cost = bytes.storageCapacity + framing
        return cost <= Self.uncounted ? 0 : cost
    }

    /// Bytes a second with which what is not whole has come.
    func speed(_ now: NIODeadline) -> Int64 { min(Self.speed(bytes.readableBytes, began, now), frameSpeed(now)) }

    private func frameSpeed(_ now: NIODeadline) -> Int64 { Self.speed(framing, framingBegan, now) }

    private static func speed(_ bytes: Int, _ began: NIODeadline?, _ now: NIODeadline) -> Int64 {
        guard let began else { return .max }
        return Int64(bytes) * 1000 / max(1, (now - began).nanoseconds / 1_000_000)
    }

    /// Whether a packet, or a frame, comes more slowly than it may.
    /// - Parameters:
    ///   - patience: how long any of them may take.
    ///   - least: bytes a second that one which takes longer has to come with.
    func isTooSlow(now: NIODeadline, patience: TimeAmount, least: Int) -> Bool {
        func isSlow(_ bytes: Int, _ began: NIODeadline?) -> Bool {
            guard let began, now - began > patience else { return false }
            return Self.speed(bytes, began, now) < Int64(least)
        }
        return isSlow(bytes.readableBytes, began) || isSlow(framing, framingBegan)
    }
}
