/// The time in what a speaker says: `@` and 16 hexadecimal digits and `@`. Each process of a machine reads it by the
/// same clock.
struct SayStamp: Equatable {
    static let size = 18
    /// A speaker's last say.
    static let end = SayStamp(.max)

    let time: UInt64

    init(_ time: UInt64) { self.time = time }

    /// The first stamp in a payload; nil: there is none.
    init?(in payload: UnsafeRawBufferPointer) {
        let mark = UInt8(ascii: "@")
        guard payload.count >= Self.size else { return nil }
        search: for start in 0...(payload.count - Self.size) where payload[start] == mark {
            guard payload[start + Self.size - 1] == mark else { continue }
            var number: UInt64 = 0
            for offset in 1..<(Self.size - 1) {
                guard let digit = Self.digit(payload[start + offset]) else { continue search }
                number = number << 4 | digit
            }
            self.init(number)
            return
        }
        return nil
    }

    func write(to output: OutputBuffer) {
        output.append(UInt8(ascii: "@"))
        output.appendHexadecimal(time)
        output.append(UInt8(ascii: "@"))
    }

    private static func digit(_ byte: UInt8) -> UInt64? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt64(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt64(byte - UInt8(ascii: "a")) + 10
        default: nil
        }
    }
}
