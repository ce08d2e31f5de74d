/// Where a call goes, as `CallRouter` has decided.
enum CallDispatch: Sendable {
    /// To an instance of this node.
    case local(InstanceID, RPCRequest)
    /// To the queue of another node's instance.
    case remote(QueueName, RPCRequest)
    /// Nowhere yet: it waits for an instance that is expected back.
    case waits
    /// To nobody: its caller is told.
    case failed(RPCError, @Sendable (RPCReply) -> Void)
    /// Nowhere: the call has ended, or another instance has it.
    case over

    init(_ request: RPCRequest, to candidate: ClusterView.Candidate) {
        let instance = candidate.instance
        self = candidate.isLocal ? .local(instance.id, request) : .remote(instance.queue, request)
    }

    /// The instance of this node that gets the call.
    var localInstance: InstanceID? {
        if case .local(let instance, _) = self { instance } else { nil }
    }

    /// Whether the call goes to an instance now.
    var isSent: Bool {
        switch self {
        case .local, .remote: true
        case .waits, .failed, .over: false
        }
    }
}
