package import NIOCore
import Synchronization

extension RPCNode {
    /// Calls a function and awaits its reply. A cancelled task stops waiting at once.
    ///
    /// - Throws: `RPCError`.
    package func call(
        _ endpoint: Endpoint, _ request: RPCRequest, timeout: TimeAmount? = nil
    ) async throws(RPCError) -> Payload {
        let cancellation = Cancellation()
        let reply: RPCReply = await withTaskCancellationHandler {
            await withUnsafeContinuation { continuation in
                let id = call(endpoint, request, timeout: timeout) { continuation.resume(returning: $0) }
                if let id, cancellation.began(id) { cancel(id) }
            }
        } onCancel: {
            if let id = cancellation.cancel() { cancel(id) }
        }
        return try reply.get()
    }

    /// Whether the task was cancelled before its call began or after.
    private final class Cancellation: Sendable {
        private enum Phase {
            case waiting
            case out(CorrelationID)
            case cancelled
        }

        private let phase = Mutex(Phase.waiting)

        /// - Returns: true if the task is cancelled already.
        func began(_ id: CorrelationID) -> Bool {
            phase.withLock { phase in
                if case .cancelled = phase { return true }
                phase = .out(id)
                return false
            }
        }

        func cancel() -> CorrelationID? {
            phase.withLock { phase in
                defer { phase = .cancelled }
                if case .out(let id) = phase { return id }
                return nil
            }
        }
    }
}
