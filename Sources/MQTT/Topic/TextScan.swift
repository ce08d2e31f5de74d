internal import NIOCore

/// What one pass over the bytes of an MQTT string finds (MQTT 3.1.1 §1.5.3).
///
/// A value and not an error, because it is made inside closures that lend a pointer, and those cannot throw typed errors.
enum TextScan {
    case plain
    case wildcard
    case nul
    case illFormed

    /// Scans the readable bytes of `buffer`: well-formed UTF-8 (Unicode 3.9, table 3-7, so no surrogates, no overlong
    /// forms, nothing above U+10FFFF), no U+0000. `illFormed` and `nul` win over `wildcard`.
    init(_ buffer: ByteBuffer) {
        self = buffer.withUnsafeReadableBytes { bytes in TextScan(bytes) }
    }

    private init(_ bytes: UnsafeRawBufferPointer) {
        self = Self.isPlainASCII(bytes) ? .plain : TextScan(each: bytes)
    }

    /// Whether all is ASCII without U+0000 and wildcards, as topics usually are, looking at eight bytes at a time. Says
    /// false of fewer than eight bytes: those are as quickly looked at one by one.
    private static func isPlainASCII(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let last = bytes.count - 8
        guard last >= 0 else { return false }
        var offset = 0
        // The last word overlaps the one before it, so that nothing is left over.
        while isPlainASCII(bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)) {
            guard offset < last else { return true }
            offset = min(offset + 8, last)
        }
        return false
    }

    private static func isPlainASCII(_ word: UInt64) -> Bool {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let highs = ones << 7
        /// Not 0 if and only if one of the bytes of `word` is 0.
        func zeros(_ word: UInt64) -> UInt64 { (word &- ones) & ~word & highs }
        let plus = ones &* UInt64(UInt8(ascii: "+"))
        let hash = ones &* UInt64(UInt8(ascii: "#"))
        return word & highs | zeros(word) | zeros(word ^ plus) | zeros(word ^ hash) == 0
    }

    private init(each bytes: UnsafeRawBufferPointer) {
        var found = TextScan.plain
        var pending = 0
        var allowed: ClosedRange<UInt8> = 0x80...0xBF
        for byte in bytes {
            if pending > 0 {
                guard allowed.contains(byte) else {
                    self = .illFormed
                    return
                }
                pending -= 1
                allowed = 0x80...0xBF
            } else if byte < 0x80 {
                switch byte {
                case 0:
                    self = .nul
                    return
                case UInt8(ascii: "+"), UInt8(ascii: "#"): found = .wildcard
                default: break
                }
            } else {
                switch byte {
                case 0xC2...0xDF: pending = 1
                case 0xE0: (pending, allowed) = (2, 0xA0...0xBF)
                case 0xE1...0xEC, 0xEE, 0xEF: pending = 2
                case 0xED: (pending, allowed) = (2, 0x80...0x9F)
                case 0xF0: (pending, allowed) = (3, 0x90...0xBF)
                case 0xF1...0xF3: pending = 3
                case 0xF4: (pending, allowed) = (3, 0x80...0x8F)
                default:
                    self = .illFormed
                    return
                }
            }
        }
        self = pending == 0 ? found : .illFormed
    }

    /// Throws for what no MQTT string may hold; wildcards are the caller's affair.
    func requireText() throws(MQTTError) {
        switch self {
        case .plain, .wildcard: return
        case .nul: throw MQTTError(.nulCharacter)
        case .illFormed: throw MQTTError(.illFormedUTF8)
        }
    }
}
