/// Pauses between attempts: from a twentieth of the longest, twice as long each time, with jitter so that the nodes of a
/// cluster do not come all at once.
struct Backoff {
    private let longest: Duration
    private var next: Duration

    init(longest: Duration) {
        self.longest = longest
        next = longest / 20
    }

    /// - Returns: false when the task was cancelled.
    mutating func pause() async -> Bool {
        let pause = next * Double.random(in: 0.5...1)
        next = min(longest, next * 2)
        do {
            // Nothing tells that a broker can be reached again but another attempt.
            try await Task.sleep(for: pause)
            return true
        } catch {
            return false
        }
    }
}
