import Synchronization

/// Whether the broker blocks publishers, as it does in an alarm.
final class PublisherStall: Sendable {
    private struct State {
        var isStalled = false
        /// Fires when the next stall begins.
        var beginning = Signal()
    }

    private let state = Mutex(State())

    var isStalled: Bool { state.withLock { $0.isStalled } }

    func set(_ isStalled: Bool) {
        let beginning = state.withLock { state in
            if state.isStalled, !isStalled { state.beginning = Signal() }
            state.isStalled = isStalled
            return state.beginning
        }
        if isStalled { beginning.fire() }
    }

    /// Runs what waits for the broker's confirmation. During a stall no confirmation comes: then this returns, and the
    /// work is cancelled.
    func unlessStalled(_ body: @escaping @Sendable () async throws -> Void) async throws {
        let beginning = state.withLock { $0.beginning }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask(operation: body)
            group.addTask { await beginning.waitUnlessCancelled() }
            try await group.next()
            group.cancelAll()
        }
    }
}
