import Synchronization

/// A door that handlers of a check wait at until the check opens it.
final class Latch: Sendable {
    private struct State {
        var isOpen = false
        var arrived = 0
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    /// How many came to the door so far.
    var arrivals: Int { state.withLock { $0.arrived } }

    var isClosed: Bool { state.withLock { !$0.isOpen } }

    /// Waits until the door is open.
    func pass() async {
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                state.arrived += 1
                if !state.isOpen { state.waiting.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }

    /// Lets all through who wait, and all who come later.
    func open() {
        let waiting = state.withLock { state in
            defer { state.waiting = [] }
            state.isOpen = true
            return state.waiting
        }
        waiting.forEach { $0.resume() }
    }
}
