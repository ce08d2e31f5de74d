package import NIOCore

/// The calls that wait for a reply, each with a deadline: a slab indexed by correlation id, threaded onto a timer
/// wheel.
///
/// Insert and remove are O(1) without hashing; a removed call leaves nothing behind. Expiry is late by less than
/// `tick`, never early. A pure value: whoever owns it locks it and drives its clock.
package struct CallTable<Call> {
    /// The precision of deadlines.
    package static var tick: TimeAmount { .milliseconds(10) }

    private struct Slot {
        var call: Call?
        var generation: UInt32 = 0
        var dueTick: UInt64 = 0
        var previous = none
        var next = none
    }

    private static var none: Int { -1 }
    private static var bucketCount: Int { 1024 }

    private var slots: [Slot] = []
    private var freeSlots: [Int] = []
    private var buckets = [Int](repeating: none, count: bucketCount)
    /// Every tick up to and with this one has been expired.
    private var lastTick: UInt64

    /// How many calls wait.
    package private(set) var count = 0

    package init(now: NIODeadline) {
        lastTick = Self.tickBefore(now)
    }

    /// Adds a call that expires at `deadline`; the id is unique among all that this table gives out in its first
    /// 2^32 uses of one slot.
    package mutating func insert(_ call: Call, deadline: NIODeadline) -> CorrelationID {
        insert(deadline: deadline) { _ in call }
    }

    /// Adds a call that knows its own id.
    package mutating func insert(deadline: NIODeadline, _ make: (CorrelationID) -> Call) -> CorrelationID {
        let index: Int
        if let free = freeSlots.popLast() {
            index = free
        } else {
            index = slots.count
            slots.append(Slot())
        }
        let id = CorrelationID(rawValue: UInt64(slots[index].generation) << 32 | UInt64(index))
        slots[index].call = make(id)
        slots[index].dueTick = max(Self.tickBefore(deadline) + 1, lastTick + 1)
        link(index)
        count += 1
        return id
    }

    /// Takes a call out; nil if it is not there (any more), so of two that try one succeeds.
    package mutating func remove(_ id: CorrelationID) -> Call? {
        guard let index = index(of: id) else { return nil }
        return release(index)
    }

    /// Looks at a call; nil if it is not there.
    package func read<Result>(_ id: CorrelationID, _ body: (Call) -> Result) -> Result? {
        guard let index = index(of: id) else { return nil }
        return slots[index].call.map(body)
    }

    /// Changes a call in place; nil if it is not there.
    package mutating func update<Result>(_ id: CorrelationID, _ body: (inout Call) -> Result) -> Result? {
        guard let index = index(of: id), var call = slots[index].call else { return nil }
        defer { slots[index].call = call }
        return body(&call)
    }

    /// Takes out every call whose deadline has passed at `now`.
    package mutating func expire(now: NIODeadline) -> [Call] {
        let nowTick = Self.tickBefore(now)
        guard nowTick > lastTick else { return [] }
        var expired: [Call] = []
        // More than one turn of the wheel visits each bucket once: every bucket is then looked at anyway.
        let first = max(lastTick + 1, nowTick >= UInt64(Self.bucketCount) ? nowTick - UInt64(Self.bucketCount) + 1 : 0)
        lastTick = nowTick
        for tick in first...nowTick {
            var index = buckets[Int(tick % UInt64(Self.bucketCount))]
            while index != Self.none {
                let next = slots[index].next
                if slots[index].dueTick <= nowTick, let call = release(index) { expired.append(call) }
                index = next
            }
        }
        return expired
    }

    /// Takes out all calls that match.
    package mutating func removeAll(where matches: (Call) -> Bool) -> [Call] {
        slots.indices.compactMap { index in
            guard let call = slots[index].call, matches(call) else { return nil }
            return release(index)
        }
    }

    /// Visits all calls.
    package func forEach(_ body: (Call) -> Void) {
        guard count > 0 else { return }
        for slot in slots {
            if let call = slot.call { body(call) }
        }
    }

    /// When `expire` should next be called; nil if nothing waits.
    package var nextExpiry: NIODeadline? {
        guard count > 0 else { return nil }
        for offset in 1...UInt64(Self.bucketCount) {
            let tick = lastTick + offset
            if buckets[Int(tick % UInt64(Self.bucketCount))] != Self.none { return Self.time(of: tick) }
        }
        return nil
    }

    private func index(of id: CorrelationID) -> Int? {
        let index = Int(id.rawValue & 0xffff_ffff)
        guard slots.indices.contains(index), slots[index].call != nil,
            slots[index].generation == UInt32(truncatingIfNeeded: id.rawValue >> 32)
        else { return nil }
        return index
    }

    private mutating func link(_ index: Int) {
        let bucket = Int(slots[index].dueTick % UInt64(Self.bucketCount))
        let head = buckets[bucket]
        slots[index].previous = Self.none
        slots[index].next = head
        if head != Self.none { slots[head].previous = index }
        buckets[bucket] = index
    }

    private mutating func release(_ index: Int) -> Call? {
        let (previous, next) = (slots[index].previous, slots[index].next)
        if previous != Self.none {
            slots[previous].next = next
        } else {
            buckets[Int(slots[index].dueTick % UInt64(Self.bucketCount))] = next
        }
        if next != Self.none { slots[next].previous = previous }
        // Moved, not copied: a call holds a dozen references.
        let call = slots[index].call.take()
        slots[index].generation &+= 1
        freeSlots.append(index)
        count -= 1
        return call
    }

    private static func tickBefore(_ time: NIODeadline) -> UInt64 {
        time.uptimeNanoseconds / UInt64(tick.nanoseconds)
    }

    private static func time(of tick: UInt64) -> NIODeadline {
        .uptimeNanoseconds(tick.multipliedReportingOverflow(by: UInt64(Self.tick.nanoseconds)).partialValue)
    }
}
