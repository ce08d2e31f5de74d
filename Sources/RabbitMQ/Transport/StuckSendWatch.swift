import Glibc
import Synchronization

/// Cuts the sockets of TLS connections whose thread has been inside one send for too long.
///
/// Only librabbitmq can write to a TLS session, and it waits in there without a bound. One thread for the process,
/// started with the first such connection and ended with the last; four looks per bound, no cost for the senders.
final class StuckSendWatch: Sendable {
    static let shared = StuckSendWatch()

    private struct Entry {
        let clock: SendClock
        let socket: SocketGuard
        let limit: Duration
    }

    private struct State {
        var entries: [ObjectIdentifier: Entry] = [:]
        var isRunning = false
    }

    private let state = Mutex(State())

    func add(_ clock: SendClock, _ socket: SocketGuard, limit: Duration) {
        let mustStart = state.withLock { state in
            state.entries[ObjectIdentifier(clock)] = Entry(clock: clock, socket: socket, limit: limit)
            defer { state.isRunning = true }
            return !state.isRunning
        }
        if mustStart && !NativeThread.start(name: "rabbitmq-watch", { self.run() }) {
            // Without a watcher such a send is bounded by TCP's own retransmission limit only.
            state.withLock { $0.isRunning = false }
        }
    }

    func remove(_ clock: SendClock) {
        state.withLock { _ = $0.entries.removeValue(forKey: ObjectIdentifier(clock)) }
    }

    private func run() {
        while let pause = look() {
            _ = poll(nil, 0, pause)
        }
    }

    /// Milliseconds until the next look; nil: nobody is left to look after.
    private func look() -> Int32? {
        state.withLock { state in
            guard !state.entries.isEmpty else {
                state.isRunning = false
                return nil
            }
            let now = MonotonicTime.now
            var shortest = Duration.seconds(1)
            for entry in state.entries.values {
                shortest = min(shortest, entry.limit / 4)
                if let since = entry.clock.since, now >= since + entry.limit {
                    entry.socket.cut(.stalled(for: entry.limit))
                }
            }
            return Int32(clamping: max(1, shortest.clampedNanoseconds / 1_000_000))
        }
    }
}
