import Glibc

/// Tells right answers from wrong ones.
struct Answer {
    /// What a right answer contains; nothing: any answer is right.
    let expected: [UInt8]

    func isRight(_ payload: UnsafeRawBufferPointer) -> Bool {
        guard !expected.isEmpty else { return true }
        guard let start = payload.baseAddress else { return false }
        var from = 0
        while payload.count - from >= expected.count {
            guard let found = memchr(start + from, Int32(expected[0]), payload.count - from - expected.count + 1) else {
                return false
            }
            if memcmp(found, expected, expected.count) == 0 { return true }
            from = UnsafeRawPointer(found) - start + 1
        }
        return false
    }

    /// How a fault is told of, with the beginning of the answer.
    static func fault(_ payload: UnsafeRawBufferPointer) -> String {
        "a wrong answer, such as \(String(decoding: payload.prefix(200), as: UTF8.self))"
    }

    /// The number behind the last slash of a topic; nil: there is none.
    static func messageID(of topic: UnsafeRawBufferPointer) -> (number: UInt64, prefixSize: Int)? {
        var index = topic.count
        var number: UInt64 = 0
        var scale: UInt64 = 1
        while index > 0 {
            let byte = topic[index - 1]
            if byte == UInt8(ascii: "/") { return index < topic.count ? (number, index - 1) : nil }
            guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9"), topic.count - index < 18 else { return nil }
            number += UInt64(byte - UInt8(ascii: "0")) * scale
            scale *= 10
            index -= 1
        }
        return nil
    }
}
