import MqantMQTT
import NIOCore

/// Makes the copies that requests are kept in, so that none keeps the buffer of the read that it came in: its argument list,
/// and the topic of its reply, in one buffer. Small ones are made in one buffer again and again, for as long as each request
/// is done with it before the next comes.
///
/// Not Sendable: the loop's.
struct RequestCopies {
    /// Larger copies have a buffer of their own each.
    private static let small = 512

    private var buffer = ByteBuffer()

    /// - Returns: `payload` as the one argument of a call, and `topic`.
    mutating func copy(
        _ payload: ByteBuffer, topic: TopicName?
    ) -> (arguments: ByteBuffer, topic: TopicName?) {
        let length = payload.readableBytes + 2
        let size = length + (topic?.bytes.readableBytes ?? 0)
        guard size <= Self.small else {
            var buffer = ByteBufferAllocator().buffer(capacity: size)
            return Self.write(payload, topic, size, to: &buffer)
        }
        // Has other memory than before if a request has that still.
        buffer.clear(minimumCapacity: size)
        return Self.write(payload, topic, size, to: &buffer)
    }

    private static func write(
        _ payload: ByteBuffer, _ topic: TopicName?, _ size: Int, to buffer: inout ByteBuffer
    ) -> (arguments: ByteBuffer, topic: TopicName?) {
        let length = payload.readableBytes + 2
        // `space` has at least `size` bytes.
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: size) { space in
            space[0] = UInt8(ascii: "[")
            payload.withUnsafeReadableBytes { bytes in
                UnsafeMutableRawBufferPointer(rebasing: space[1...]).copyMemory(from: bytes)
            }
            space[length - 1] = UInt8(ascii: "]")
            topic?.bytes.withUnsafeReadableBytes { bytes in
                UnsafeMutableRawBufferPointer(rebasing: space[length...]).copyMemory(from: bytes)
            }
            return size
        }
        // Slices are taken when all is written: NIO copies a buffer that is written to while it has slices.
        let copied = topic?.slice(of: buffer, at: length)
        let arguments = buffer.getSlice(at: 0, length: length) ?? ByteBuffer()
        return (arguments, copied)
    }
}
