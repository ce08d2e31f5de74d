import Synchronization
import Testing

/// Waits until `condition` holds, for what has no event to wait for. Fails after `limit`.
func eventually(
    _ what: Comment, within limit: Duration = .seconds(20), sourceLocation: SourceLocation = #_sourceLocation,
    _ condition: () async -> Bool
) async throws {
    let end = ContinuousClock.now + limit
    while await !condition() {
        try #require(ContinuousClock.now < end, what, sourceLocation: sourceLocation)
        try await Task.sleep(for: .milliseconds(2))
    }
}

/// What happened, in order, from any thread.
final class Log<Element: Sendable>: Sendable {
    private let state = Mutex<[Element]>([])

    var elements: [Element] { state.withLock { $0 } }
    var count: Int { state.withLock { $0.count } }

    func add(_ element: Element) { state.withLock { $0.append(element) } }
}
