/// A set of packet identifiers that never takes more than 8 KiB, whatever a client sends.
///
/// A handful of them is a short list; beyond that it turns into one bit for each of the 65536.
struct PacketIDSet: Sendable {
    /// The list is searched from end to end, so it is kept this short.
    private static let longestList = 32

    private var list: [UInt16] = []
    /// Empty, or 1024 words.
    private var bitmap: [UInt64] = []
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }

    func contains(_ id: PacketID) -> Bool {
        guard !bitmap.isEmpty else { return list.contains(id.rawValue) }
        return bitmap[Self.word(id)] & Self.bit(id) != 0
    }

    /// - Returns: false if it was there already.
    mutating func insert(_ id: PacketID) -> Bool {
        guard !contains(id) else { return false }
        count += 1
        if bitmap.isEmpty, list.count < Self.longestList {
            list.append(id.rawValue)
            return true
        }
        if bitmap.isEmpty { turnIntoBitmap() }
        bitmap[Self.word(id)] |= Self.bit(id)
        return true
    }

    /// Does nothing if it is not there.
    mutating func remove(_ id: PacketID) {
        guard contains(id) else { return }
        count -= 1
        if bitmap.isEmpty {
            list.removeAll { $0 == id.rawValue }
        } else if count == 0 {
            bitmap = []
        } else {
            bitmap[Self.word(id)] &= ~Self.bit(id)
        }
    }

    private mutating func turnIntoBitmap() {
        bitmap = Array(repeating: 0, count: 1024)
        for case let id? in list.map(PacketID.init(rawValue:)) { bitmap[Self.word(id)] |= Self.bit(id) }
        list = []
    }

    /// 0...1023 for every identifier: the index of its word.
    private static func word(_ id: PacketID) -> Int { Int(id.rawValue >> 6) }

    private static func bit(_ id: PacketID) -> UInt64 { 1 << UInt64(id.rawValue & 63) }
}
