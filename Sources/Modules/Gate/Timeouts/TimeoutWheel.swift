/// Something that is looked at when its time has come.
protocol TimeoutWheelMember: AnyObject {
    /// Where the wheel has it.
    var wheelPlace: TimeoutPlace { get set }
}

/// A place in a `TimeoutWheel`.
struct TimeoutPlace {
    fileprivate var slot: Int32
    fileprivate var index: Int32

    /// Of one that no wheel has.
    static let none = TimeoutPlace(slot: -1, index: -1)
}

/// Members by the tick at which each is to be looked at, so that one that is idle is touched once in its time of silence, and
/// not at every tick. A member has one place at a time.
///
/// Not Sendable: the loop's.
struct TimeoutWheel<Member: TimeoutWheelMember> {
    /// Whoever has longer is looked at once more than necessary.
    private static var slotCount: Int { 256 }

    private var slots: [[Member]] = Array(repeating: [], count: slotCount)
    private var now = 0
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }

    /// All members, in no order. They may be removed meanwhile.
    var all: [Member] { slots.flatMap { $0 } }

    /// Has a member looked at in so many ticks, one at least.
    mutating func add(_ member: Member, in ticks: Int) {
        remove(member)
        let slot = (now + min(max(1, ticks), Self.slotCount - 1)) % Self.slotCount
        member.wheelPlace = TimeoutPlace(slot: Int32(slot), index: Int32(slots[slot].count))
        slots[slot].append(member)
        count += 1
    }

    /// Does nothing if it is not here.
    mutating func remove(_ member: Member) {
        let (slot, index) = (Int(member.wheelPlace.slot), Int(member.wheelPlace.index))
        guard slots.indices.contains(slot), slots[slot].indices.contains(index), slots[slot][index] === member else {
            return
        }
        let last = slots[slot].removeLast()
        if last !== member {
            slots[slot][index] = last
            last.wheelPlace.index = Int32(index)
        }
        if slots[slot].isEmpty { slots[slot] = [] }
        member.wheelPlace = .none
        count -= 1
    }

    /// Goes on to the next tick.
    /// - Returns: who is to be looked at. They stay here until they are added anew or removed.
    mutating func tick() -> [Member] {
        now = (now + 1) % Self.slotCount
        return slots[now]
    }
}
