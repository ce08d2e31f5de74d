package import NIOCore

/// Whoever makes calls for others: a node, for the instances that it serves.
package protocol RPCCaller: AnyObject, Sendable {
    /// Calls a function and awaits its reply. A cancelled task stops waiting at once.
    ///
    /// - Parameter timeout: how long to wait; nil: the configured default.
    /// - Throws: `RPCError`.
    func call(_ endpoint: Endpoint, _ request: RPCRequest, timeout: TimeAmount?) async throws(RPCError) -> Payload

    /// Sends a request that nobody answers.
    ///
    /// - Parameter ended: called once, on any thread, when an instance of this process is done with it, or when it is
    ///   on its way to another process.
    /// - Throws: `RPCError` `notFound` if no live instance is known; `ended` is not called then.
    func cast(
        _ endpoint: Endpoint, _ request: RPCRequest, timeout: TimeAmount?, ended: @escaping @Sendable () -> Void
    ) throws(RPCError)
}
