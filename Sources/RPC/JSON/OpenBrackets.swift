/// The brackets that are open while a JSON text is scanned, the innermost last: one bit for each, without memory of its own.
struct OpenBrackets {
    /// As many bits as `JSONScanner.maximumDepth`. One is set for an object.
    private var words = InlineArray<8, UInt64>(repeating: 0)
    private(set) var count = 0

    /// Whether the innermost is an object's; nil: none is open.
    var isLastObject: Bool? {
        guard count > 0 else { return nil }
        let index = count - 1
        return words[index / UInt64.bitWidth] & (1 << UInt64(index % UInt64.bitWidth)) != 0
    }

    /// Opens one; there are fewer than ``JSONScanner/maximumDepth``.
    mutating func append(isObject: Bool) {
        let (word, bit) = (count / UInt64.bitWidth, UInt64(1) << UInt64(count % UInt64.bitWidth))
        if isObject { words[word] |= bit } else { words[word] &= ~bit }
        count += 1
    }

    mutating func removeLast() { count -= 1 }
}
