import Synchronization

/// A bound on bytes that all event loops of a Gate share.
final class ByteBound: Sendable {
    let limit: Int
    private let takenCount = Atomic<Int>(0)

    init(limit: Int) { self.limit = limit }

    /// Bytes that loops have taken; a loop takes some in advance.
    var taken: Int { takenCount.load(ordering: .relaxed) }

    fileprivate func take(_ bytes: Int) -> Bool {
        guard takenCount.add(bytes, ordering: .relaxed).newValue <= limit else {
            takenCount.subtract(bytes, ordering: .relaxed)
            return false
        }
        return true
    }

    fileprivate func giveBack(_ bytes: Int) { takenCount.subtract(bytes, ordering: .relaxed) }
}

/// What one event loop has of a bound: it takes some in advance, so that most requests touch nothing shared.
///
/// Not Sendable: the loop's.
struct ByteShare {
    private static let advance = 65_536

    private let bound: ByteBound
    private var granted = 0
    private(set) var used = 0

    init(of bound: ByteBound) { self.bound = bound }

    /// - Returns: false if the bound is reached; nothing is taken then.
    mutating func take(_ bytes: Int) -> Bool {
        let missing = used + bytes - granted
        if missing > 0 {
            let wanted = max(missing, Self.advance)
            if bound.take(wanted) {
                granted += wanted
            } else if missing < wanted, bound.take(missing) {
                granted += missing
            } else {
                return false
            }
        }
        used += bytes
        return true
    }

    mutating func giveBack(_ bytes: Int) {
        used -= bytes
        let spare = granted - used - Self.advance
        guard spare > Self.advance else { return }
        granted -= spare
        bound.giveBack(spare)
    }
}
