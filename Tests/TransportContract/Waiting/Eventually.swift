import Testing

/// Waits until `condition` holds, for what has no event to wait for: counters, and what nodes know of each other.
///
/// Fails the check after `limit`, which is so long that only a condition that will never hold reaches it.
func eventually(
    _ what: Comment, within limit: Duration = .seconds(10), sourceLocation: SourceLocation = #_sourceLocation,
    _ condition: () async throws -> Bool
) async throws {
    let clock = ContinuousClock()
    let end = clock.now + limit
    while try await !condition() {
        try #require(clock.now < end, what, sourceLocation: sourceLocation)
        try await Task.sleep(for: .milliseconds(2))
    }
}
