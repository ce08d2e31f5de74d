/// The escapes of a JSON string (RFC 8259 §7).
enum JSONEscapes {
    /// The text of a valid string, given without its quotation marks; nil if it has surrogates (`\ud83d\ude00`).
    static func text(of bytes: UnsafeRawBufferPointer) -> String? {
        var isReadable = true
        let text = String(unsafeUninitializedCapacity: bytes.count) { output in
            var count = 0
            var index = 0
            while index < bytes.count {
                guard bytes[index] == UInt8(ascii: "\\"), index + 1 < bytes.count else {
                    output[count] = bytes[index]
                    (count, index) = (count + 1, index + 1)
                    continue
                }
                index += 2
                switch bytes[index - 1] {
                case UInt8(ascii: "b"): output[count] = 0x08
                case UInt8(ascii: "f"): output[count] = 0x0c
                case UInt8(ascii: "n"): output[count] = 0x0a
                case UInt8(ascii: "r"): output[count] = 0x0d
                case UInt8(ascii: "t"): output[count] = 0x09
                case UInt8(ascii: "u"):
                    guard index + 4 <= bytes.count,
                        let scalar = scalar(UnsafeRawBufferPointer(rebasing: bytes[index..<(index + 4)]))
                    else {
                        isReadable = false
                        return 0
                    }
                    index += 4
                    // Three bytes at most, in place of six.
                    for byte in UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter {
                        output[count] = byte
                        count += 1
                    }
                    continue
                default: output[count] = bytes[index - 1]
                }
                count += 1
            }
            return count
        }
        return isReadable ? text : nil
    }

    private static func scalar(_ digits: UnsafeRawBufferPointer) -> Unicode.Scalar? {
        UInt32(String(decoding: digits, as: UTF8.self), radix: 16).flatMap(Unicode.Scalar.init)
    }
}
