/// Payloads that a broker could send.
enum SampleFrames {
    static let deliver: [UInt8] = [1, 99] + [0, 0, 0, 0, 0, 0, 0, 1] + [0] + [0] + [1, 113]
    static let header: [UInt8] = [0, 60, 0, 0] + [0, 0, 0, 0, 0, 0, 0, 4] + [0, 0]

    /// Three whole messages, the first with every property and a nested table.
    static let messages: [UInt8] = {
        func frame(_ kind: UInt8, _ payload: [UInt8]) -> [UInt8] {
            [kind, 0, 1] + (0..<4).map { UInt8(truncatingIfNeeded: payload.count >> (24 - 8 * $0)) } + payload + [0xCE]
        }
        let table: [UInt8] = [0, 0, 0, 14] + [1, 97, 70, 0, 0, 0, 7, 1, 98, 83, 0, 0, 0, 0]
        let texts: [UInt8] = [3, 120, 47, 121]
        let all = [0xFF, 0xFC] + texts + texts + table + [1, 5] + texts + texts + texts + texts
        let rest = [0, 0, 0, 0, 0, 0, 0, 9] + texts + texts + texts + texts
        let start = [0, 60, 0, 60] + deliver
        return frame(1, start) + frame(2, header.dropLast(2) + all + rest) + frame(3, [1, 2]) + frame(3, [3, 4])
            + frame(1, start) + frame(2, header) + frame(3, [1, 2, 3, 4]) + frame(8, [])
            + frame(1, [0, 60, 0, 50, 1, 56, 1, 65, 0, 0]) + frame(2, header) + frame(3, [1, 2, 3, 4])
    }()
}
