import DequeModule
import Mqant

/// Work that waits in lanes: lanes have turns, so that who asks for much waits for his own work. Both all work and each
/// lane's have a bound.
struct FairQueue<Element> {
    private let capacity: Int
    private let laneCapacity: Int
    private var lanes: [TextKey: Deque<Element>] = [:]
    /// The lanes that have work, the next one first.
    private var turns: Deque<TextKey> = []
    private(set) var count = 0

    /// - Parameter capacity: how much may wait in all; half of it in one lane.
    init(capacity: Int) {
        self.capacity = max(1, capacity)
        laneCapacity = max(1, capacity / 2)
    }

    /// Puts work at a lane's end.
    /// - Returns: false if there is no room.
    mutating func append(_ element: Element, lane: String) -> Bool {
        let lane = TextKey(lane)
        let waiting = lanes[lane]?.count ?? 0
        guard count < capacity, waiting < laneCapacity else { return false }
        if waiting == 0 { turns.append(lane) }
        lanes[lane, default: []].append(element)
        count += 1
        return true
    }

    /// Takes the first work of the lane whose turn it is.
    mutating func popFirst() -> Element? {
        guard let lane = turns.popFirst(), let element = lanes[lane]?.popFirst() else { return nil }
        count -= 1
        if lanes[lane]?.isEmpty == false { turns.append(lane) } else { lanes[lane] = nil }
        return element
    }
}
