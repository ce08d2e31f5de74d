import NIOCore

/// A call that waits for its reply.
struct PendingCall: Sendable {
    /// Kept whole, so that a request that came back can be sent to another instance.
    var request: RPCRequest
    var endpoint: Endpoint
    /// The queue of the incarnation that has the call now; nil while there is none and one is expected.
    var target: QueueName?
    /// When the call was given to its target.
    var since: NIODeadline
    var isLocal: Bool
    /// Queues that returned this very call.
    var returnedBy: [QueueName] = []
    var completion: @Sendable (RPCReply) -> Void

    /// Ends the call at its deadline.
    /// - Parameter isUnwritten: whether the request is known not to have left this node.
    func expire(isUnwritten: Bool) {
        let isUndelivered = isUnwritten || target == nil
        completion(.failure(.timeout(request.function, outcome: isUndelivered ? .notDelivered : .unknown)))
    }

    /// Ends the call because the connection broke on which it was sent.
    func disconnect() {
        let text = "the connection to the broker was lost while \(request.function) was out"
        completion(.failure(RPCError(.disconnected, text)))
    }
}
