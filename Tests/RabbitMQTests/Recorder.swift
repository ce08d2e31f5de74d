import MqantRabbitMQ
import NIOCore
import Synchronization

/// Keeps what a connection hands out, and lets a test wait for it.
final class Recorder: Sendable {
    struct TimedOut: Error, CustomStringConvertible {
        let description: String
    }

    struct Contents: Sendable {
        var deliveries: [Delivery] = []
        var events: [ConnectionEvent] = []
        /// "d" and the event's name, in the order in which they came.
        var order: [String] = []

        var returned: [ReturnedMessage] {
            events.compactMap { if case .returned(let message) = $0 { message } else { nil } }
        }
        var skipped: [SkippedMessage] {
            events.compactMap { if case .skipped(let message) = $0 { message } else { nil } }
        }
        var unsent: [(OutgoingMessage, RabbitMQError)] {
            events.compactMap { if case .unsent(let message, _, let error) = $0 { (message, error) } else { nil } }
        }
        var cancelled: [String] {
            events.compactMap { if case .consumerCancelled(_, let tag) = $0 { tag } else { nil } }
        }
        var channelErrors: [RabbitMQError] {
            events.compactMap { if case .channelClosed(_, let error) = $0 { error } else { nil } }
        }
        var closed: [RabbitMQError] {
            events.compactMap { if case .closed(let error) = $0 { error } else { nil } }
        }
        var blocked: [String] {
            events.compactMap { if case .blocked(let reason) = $0 { reason } else { nil } }
        }
        var unblocked: Int {
            events.reduce(0) { if case .unblocked = $1 { $0 + 1 } else { $0 } }
        }
    }

    private struct State {
        var contents = Contents()
        var watches: [Int: (@Sendable (Contents) -> Bool, CheckedContinuation<Contents?, Never>)] = [:]
        var nextWatch = 0
    }

    private let state = Mutex(State())

    var contents: Contents { state.withLock { $0.contents } }

    var handlers: ConnectionHandlers {
        ConnectionHandlers(
            deliveries: { batch in
                self.change { contents in
                    contents.deliveries += batch
                    contents.order += batch.map { _ in "delivery" }
                }
            },
            event: { event in
                self.change { contents in
                    contents.events.append(event)
                    contents.order.append("\(event)".prefix { $0 != "(" }.description)
                }
            })
    }

    private func change(_ body: (inout Contents) -> Void) {
        let ready = state.withLock { state in
            body(&state.contents)
            var ready: [(CheckedContinuation<Contents?, Never>, Contents)] = []
            for (id, watch) in state.watches where watch.0(state.contents) {
                ready.append((watch.1, state.contents))
                state.watches[id] = nil
            }
            return ready
        }
        for (continuation, contents) in ready { continuation.resume(returning: contents) }
    }

    /// Waits until `condition` holds; throws when it does not within `timeout`.
    @discardableResult
    func wait(
        _ what: String, timeout: Duration = .seconds(60), until condition: @escaping @Sendable (Contents) -> Bool
    ) async throws -> Contents {
        let id = state.withLock { state in
            state.nextWatch += 1
            return state.nextWatch
        }
        let timer = Task {
            // Ended by the event that is waited for; else it is the failure.
            try await Task.sleep(for: timeout)
            let watch = state.withLock { $0.watches.removeValue(forKey: id) }
            watch?.1.resume(returning: nil)
        }
        defer { timer.cancel() }
        let result = await withCheckedContinuation { (continuation: CheckedContinuation<Contents?, Never>) in
            let now: Contents? = state.withLock { state in
                if condition(state.contents) { return state.contents }
                state.watches[id] = (condition, continuation)
                return nil
            }
            if let now { continuation.resume(returning: now) }
        }
        guard let result else {
            throw TimedOut(
                description: "no \(what) within \(timeout); got \(contents.order.count): …\(contents.order.suffix(20))")
        }
        return result
    }
}
