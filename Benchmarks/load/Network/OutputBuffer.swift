import Glibc

/// What is to be written to the connection that is looked at; one for all of a process.
///
/// In front of the bytes is room for the header of a WebSocket frame.
final class OutputBuffer {
    static let headroom = 16
    private static let headerRoom = 5

    private var base: UnsafeMutablePointer<UInt8>
    private var capacity = 64 * 1024
    private(set) var count = 0

    init() { base = .allocate(capacity: Self.headroom + capacity) }

    deinit { base.deallocate() }

    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base + Self.headroom, count: count) }

    /// The bytes as one frame of a WebSocket.
    func framed() -> UnsafeRawBufferPointer {
        let header = WebSocketFrames.header(payloadSize: count)
        let start = Self.headroom - header.count
        for (offset, byte) in header.enumerated() { base[start + offset] = byte }
        return UnsafeRawBufferPointer(start: base + start, count: header.count + count)
    }

    func removeAll() { count = 0 }

    func append(_ byte: UInt8) {
        reserve(1)
        base[Self.headroom + count] = byte
        count += 1
    }

    func append(_ bytes: [UInt8]) { bytes.withUnsafeBytes { append($0) } }

    func append(_ text: String) {
        var text = text
        text.withUTF8 { append(UnsafeRawBufferPointer($0)) }
    }

    func append(_ bytes: UnsafeRawBufferPointer) {
        guard let start = bytes.baseAddress, !bytes.isEmpty else { return }
        reserve(bytes.count)
        memcpy(base + Self.headroom + count, start, bytes.count)
        count += bytes.count
    }

    func append(_ byte: UInt8, times: Int) {
        guard times > 0 else { return }
        reserve(times)
        memset(base + Self.headroom + count, Int32(byte), times)
        count += times
    }

    func appendDecimal(_ number: UInt64) {
        reserve(20)
        var digits = 1
        var rest = number / 10
        while rest > 0 {
            digits += 1
            rest /= 10
        }
        rest = number
        for offset in (0..<digits).reversed() {
            base[Self.headroom + count + offset] = UInt8(ascii: "0") + UInt8(rest % 10)
            rest /= 10
        }
        count += digits
    }

    /// Sixteen digits.
    func appendHexadecimal(_ number: UInt64) {
        for shift in stride(from: 60, through: 0, by: -4) {
            let digit = UInt8(number >> UInt64(shift) & 15)
            append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
        }
    }

    func set(_ byte: UInt8, at index: Int) { base[Self.headroom + index] = byte }

    /// Begins a packet of MQTT whose length is not known yet.
    /// - Returns: what `endPacket` wants.
    func beginPacket(_ header: UInt8) -> Int {
        reserve(Self.headerRoom)
        let start = count
        base[Self.headroom + start] = header
        count += Self.headerRoom
        return start
    }

    /// Writes the length of a packet, and closes the gap behind it.
    func endPacket(_ start: Int) {
        let body = base + Self.headroom + start + Self.headerRoom
        let size = count - start - Self.headerRoom
        var target = base + Self.headroom + start + 1
        var rest = size
        repeat {
            let byte = UInt8(rest & 0x7f)
            rest >>= 7
            target.pointee = rest > 0 ? byte | 0x80 : byte
            target += 1
        } while rest > 0
        memmove(target, body, size)
        count -= body - target
    }

    private func reserve(_ more: Int) {
        guard count + more > capacity else { return }
        while count + more > capacity { capacity *= 2 }
        let grown = UnsafeMutablePointer<UInt8>.allocate(capacity: Self.headroom + capacity)
        memcpy(grown, base, Self.headroom + count)
        base.deallocate()
        base = grown
    }
}
