import Glibc

/// Frames on their way to the kernel: one stretch of memory, filled at the end, emptied from the front.
///
/// Not Sendable: one thread's. The memory is freed in `deinit`.
final class OutputBuffer {
    private var memory: UnsafeMutableRawPointer
    private var capacity: Int
    private var head = 0
    private var tail = 0
    /// A buffer that a large message has grown is given back once it is empty.
    private static let baseCapacity = 256 * 1024

    init() {
        capacity = Self.baseCapacity
        memory = .allocate(byteCount: capacity, alignment: 16)
    }

    deinit {
        memory.deallocate()
    }

    var count: Int { tail - head }

    /// Lends at least `room` bytes at the end; `body` returns how many it filled, at most `room`.
    func append<Failure: Error>(
        room: Int, _ body: (UnsafeMutableRawPointer) throws(Failure) -> Int
    ) throws(Failure) {
        if capacity - tail < room { makeRoom(room) }
        let filled = try body(memory + tail)
        tail += min(max(0, filled), room)
    }

    /// Writes to a non-blocking socket what it takes. Returns the bytes taken, or `errno` as an error.
    func write(to descriptor: Int32) throws(SystemCallError) -> Int {
        let flags = Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)
        var taken = 0
        while head < tail {
            let written = send(descriptor, memory + head, tail - head, flags)
            if written > 0 {
                head += written
                taken += written
            } else if errno == EAGAIN || errno == EWOULDBLOCK {
                break
            } else if errno != EINTR {
                throw SystemCallError(call: "send", number: errno)
            }
        }
        if head == tail { reset() }
        return taken
    }

    private func reset() {
        head = 0
        tail = 0
        if capacity > 4 * Self.baseCapacity {
            memory.deallocate()
            capacity = Self.baseCapacity
            memory = .allocate(byteCount: capacity, alignment: 16)
        }
    }

    private func makeRoom(_ room: Int) {
        let used = count
        if used + room <= capacity {
            memory.copyMemory(from: memory + head, byteCount: used)
        } else {
            let larger = max(capacity * 2, used + room)
            let grown = UnsafeMutableRawPointer.allocate(byteCount: larger, alignment: 16)
            grown.copyMemory(from: memory + head, byteCount: used)
            memory.deallocate()
            memory = grown
            capacity = larger
        }
        head = 0
        tail = used
    }
}
