import DequeModule
import NIOCore
import Synchronization

/// What came from the server and who waits for it.
final class TestInbox: Sendable {
    private struct State {
        var isConnected = false
        var isClosed = false
        var lastID = 0
        var pushes: Deque<TestClient.Push> = []
        /// Replies that came, and requests that wait for theirs, by topic.
        var replies: [String: ByteBuffer?] = [:]
    }

    private let state = Mutex(State())
    /// Yields whenever something came. Each waiter has its own.
    private let waiters = Mutex<[UInt64: AsyncStream<Void>.Continuation]>([:])
    private let waiterCount = Mutex<UInt64>(0)

    func nextID() -> Int {
        state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
    }

    // MARK: What comes

    func connected() { change { $0.isConnected = true } }

    func closed() { change { $0.isClosed = true } }

    func received(_ topic: String, _ body: ByteBuffer) {
        change { state in
            if state.replies[topic] != nil {
                state.replies[topic] = .some(body)
            } else {
                state.pushes.append(TestClient.Push(topic: topic, body: body))
            }
        }
    }

    // MARK: Who waits

    func connected(within bound: Duration) async throws {
        try await wait("a CONNACK", bound) { $0.isConnected ? .some(()) : nil }
    }

    func closed(within bound: Duration) async throws {
        let isClosed: Void? = try? await wait("the end of the connection", bound) { _ in nil }
        guard isClosed != nil || state.withLock({ $0.isClosed }) else {
            throw TestFailure("the server did not close the connection within \(bound)")
        }
    }

    func nextPush(within bound: Duration) async throws -> TestClient.Push {
        try await wait("a push", bound) { $0.pushes.popFirst() }
    }

    /// Awaits the reply to a request that `send` sends.
    func reply(on topic: String, within bound: Duration, _ send: () -> Void) async throws -> ByteBuffer {
        state.withLock { $0.replies[topic] = .some(nil) }
        defer { state.withLock { _ = $0.replies.removeValue(forKey: topic) } }
        send()
        return try await wait("the answer to \(topic)", bound) { $0.replies[topic] ?? nil }
    }

    private func change(_ body: (inout State) -> Void) {
        state.withLock { body(&$0) }
        for waiter in waiters.withLock({ $0.values }) { waiter.yield() }
    }

    /// Waits until `take` finds what it looks for.
    private func wait<Value: Sendable>(
        _ what: String, _ bound: Duration, _ take: @escaping @Sendable (inout State) -> Value?
    ) async throws -> Value {
        let (stream, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let id = waiterCount.withLock { count in
            count += 1
            return count
        }
        waiters.withLock { $0[id] = continuation }
        defer { waiters.withLock { _ = $0.removeValue(forKey: id) } }
        continuation.yield()
        return try await withThrowingTaskGroup(of: Value.self) { group in
            group.addTask { [self] in
                for await _ in stream {
                    let (value, isClosed) = state.withLock { state in (take(&state), state.isClosed) }
                    if let value { return value }
                    if isClosed { throw TestFailure("the connection ended, and \(what) had not come") }
                }
                throw CancellationError()
            }
            group.addTask {
                try await Task.sleep(for: bound)
                throw TestFailure("\(what) did not come within \(bound)")
            }
            defer { group.cancelAll() }
            guard let value = try await group.next() else { throw CancellationError() }
            return value
        }
    }
}
