import NIOCore

/// Events by the time at which they are due; those of one time in the order in which they were added. A binary heap.
struct EventQueue<Event> {
    private struct Entry {
        var due: UInt64
        var number: Int
        var event: Event

        func isBefore(_ other: Entry) -> Bool { due != other.due ? due < other.due : number < other.number }
    }

    private var heap: [Entry] = []
    private var added = 0

    var nextDue: NIODeadline? { heap.first.map { .uptimeNanoseconds($0.due) } }

    mutating func add(_ event: Event, due: NIODeadline) {
        added += 1
        heap.append(Entry(due: due.uptimeNanoseconds, number: added, event: event))
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child].isBefore(heap[parent]) else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    mutating func popFirst() -> Event? {
        guard let first = heap.first, let last = heap.popLast() else { return nil }
        guard !heap.isEmpty else { return first.event }
        heap[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
                if heap[child].isBefore(heap[least]) { least = child }
            }
            guard least != parent else { return first.event }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
