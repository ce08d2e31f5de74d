internal import CMqantRabbitMQ
internal import NIOCore

/// The one owner of an `amqp_pool_t`: memory for what the library's encoders and decoders point into.
///
/// `recycle()` takes back everything at once and keeps the pages, so that a message costs no `malloc`.
/// Not Sendable: one thread's.
final class ScratchPool {
    private let pool: UnsafeMutablePointer<amqp_pool_t>
    private static let pageSize = 16 * 1024

    init() {
        pool = .allocate(capacity: 1)
        init_amqp_pool(pool, Self.pageSize)
    }

    deinit {
        empty_amqp_pool(pool)
        pool.deallocate()
    }

    /// Everything lent before becomes invalid.
    func recycle() {
        recycle_amqp_pool(pool)
    }

    func withPool<Result>(_ body: (UnsafeMutablePointer<amqp_pool_t>) -> Result) -> Result {
        body(pool)
    }

    /// Room for `count` values, uninitialised. Valid until `recycle()`.
    func allocate<Element>(_ type: Element.Type, count: Int) throws(RabbitMQError) -> UnsafeMutablePointer<Element> {
        guard let memory = amqp_pool_alloc(pool, max(1, count) * MemoryLayout<Element>.stride) else {
            throw RabbitMQError(.invalidArgument, "no memory to encode a message")
        }
        return memory.bindMemory(to: type, capacity: max(1, count))
    }

    /// The UTF-8 of `text`. Valid until `recycle()`.
    func bytes(_ text: String) throws(RabbitMQError) -> amqp_bytes_t {
        let count = text.utf8.count
        if count == 0 { return amqp_bytes_t(len: 0, bytes: nil) }
        let memory = try allocate(UInt8.self, count: count)
        var text = text
        text.withUTF8 { source in
            guard let base = source.baseAddress else { return }
            memory.update(from: base, count: min(count, source.count))
        }
        return amqp_bytes_t(len: count, bytes: memory)
    }

    /// A copy of the readable bytes. Valid until `recycle()`.
    func bytes(_ buffer: ByteBuffer) throws(RabbitMQError) -> amqp_bytes_t {
        let count = buffer.readableBytes
        if count == 0 { return amqp_bytes_t(len: 0, bytes: nil) }
        let memory = try allocate(UInt8.self, count: count)
        buffer.withUnsafeReadableBytes { source in
            UnsafeMutableRawBufferPointer(start: memory, count: count).copyMemory(from: source)
        }
        return amqp_bytes_t(len: count, bytes: memory)
    }
}
