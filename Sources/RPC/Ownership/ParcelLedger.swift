import DequeModule

/// Numbers the messages that a Gate sends to owners, and knows up to which of them all have ended.
struct ParcelLedger: Hashable, Sendable {
    /// Those that are neither in their queue nor back; ended ones among them, behind one that is not.
    private var onTheirWay: Deque<UInt64> = []
    private var ended: Set<UInt64> = []
    /// The number of the last one.
    private(set) var last: UInt64 = 0

    /// The first that has not ended; the largest number if all have.
    var first: UInt64 { onTheirWay.first ?? .max }

    /// A message begins.
    /// - Returns: its number.
    mutating func begin() -> UInt64 {
        last += 1
        onTheirWay.append(last)
        return last
    }

    /// A message has ended.
    /// - Returns: false if it was not on its way any more.
    mutating func end(_ number: UInt64) -> Bool {
        guard let first = onTheirWay.first, let last = onTheirWay.last, number >= first, number <= last,
            ended.insert(number).inserted
        else { return false }
        while let first = onTheirWay.first, ended.remove(first) != nil { onTheirWay.removeFirst() }
        return true
    }

    /// All that are on their way come too late.
    mutating func giveUpAll() {
        onTheirWay = []
        ended = []
    }
}
