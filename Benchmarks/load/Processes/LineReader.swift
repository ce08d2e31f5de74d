import Glibc

/// Lines from a descriptor.
struct LineReader {
    private let descriptor: Int32
    private var bytes: [UInt8] = []
    private var hasEnded = false

    init(_ descriptor: Int32) { self.descriptor = descriptor }

    /// Waits for the next line.
    /// - Returns: nil at the end.
    mutating func next() -> String? {
        while true {
            if let end = bytes.firstIndex(of: UInt8(ascii: "\n")) {
                defer { bytes.removeSubrange(...end) }
                return String(decoding: bytes[..<end], as: UTF8.self)
            }
            guard !hasEnded, read() else { return nil }
        }
    }

    /// Reads what there is.
    /// - Returns: false at the end.
    private mutating func read() -> Bool {
        var piece = [UInt8](repeating: 0, count: 64 * 1024)
        let count = Glibc.read(descriptor, &piece, piece.count)
        if count > 0 { bytes += piece[..<count] }
        if count < 0 && errno == EINTR { return true }
        hasEnded = count <= 0
        return count > 0
    }
}
