package import NIOCore
import Synchronization

/// Calls and casts.
extension RPCNode {
    /// Calls a function; `completion` gets the reply, once, on any thread.
    ///
    /// - Parameters:
    ///   - timeout: how long to wait; nil: the configured default. Zero or less times out at once.
    /// - Returns: what `cancel` takes; nil if the call ended at once.
    @discardableResult
    package func call(
        _ endpoint: Endpoint, _ request: RPCRequest, timeout: TimeAmount? = nil,
        completion: @escaping @Sendable (RPCReply) -> Void
    ) -> CorrelationID? {
        calls.call(endpoint, request, timeout: timeout, completion: completion)
    }

    /// Ends a call that nobody waits for any more: `completion` gets `cancelled`; a reply that comes later is dropped.
    package func cancel(_ id: CorrelationID) { calls.cancel(id) }

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

    /// Calls every live instance of a type that this node knows of, and awaits all replies.
    package func callAll(
        _ type: ModuleType, _ request: RPCRequest, timeout: TimeAmount? = nil
    ) async -> [InstanceID: RPCReply] {
        let instances = view.candidates(of: type).map(\.instance.id)
        return await withTaskGroup(of: (InstanceID, RPCReply).self) { calls in
            for instance in instances {
                calls.addTask {
                    do throws(RPCError) {
                        return (instance, .success(try await self.call(.instance(instance), request, timeout: timeout)))
                    } catch {
                        return (instance, .failure(error))
                    }
                }
            }
            return await calls.reduce(into: [:]) { replies, reply in replies[reply.0] = reply.1 }
        }
    }

    /// Sends a request that nobody answers. Fire and forget: a cast that finds nobody is counted and dropped.
    ///
    /// - Parameter ended: called once, on any thread, when an instance of this process is done with it, or when it is
    ///   on its way to another process.
    /// - Throws: `RPCError` `notFound` if no live instance is known; `ended` is not called then.
    package func cast(
        _ endpoint: Endpoint, _ request: RPCRequest, timeout: TimeAmount? = nil,
        ended: @escaping @Sendable () -> Void = {}
    ) throws(RPCError) {
        try calls.cast(endpoint, request, timeout: timeout, ended: ended)
    }

    /// Sends a request that nobody answers to several instances. Fire and forget.
    ///
    /// - Throws: `RPCError` `notFound` if no live instance is known.
    package func cast(_ broadcast: Broadcast, _ request: RPCRequest) throws(RPCError) {
        try calls.cast(broadcast, request)
    }

    /// The instance to which a call would go now.
    ///
    /// - Throws: `RPCError` `notFound` if there is none.
    package func pick(_ endpoint: Endpoint) throws(RPCError) -> InstanceID { try calls.pick(endpoint) }
}

/// Whether the task of a call was cancelled before the call began or after.
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
