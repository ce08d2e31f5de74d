/// A call that an instance has taken in.
struct Job: Sendable {
    var request: RPCRequest
    var function: FunctionTable.Function
    var completion: RPCServer.Completion

    /// What this job must not overtake or run beside.
    var lane: LaneID {
        switch function.options.execution.kind {
        case .serial: .serial
        case .concurrent: .none
        case .perSession: request.sessionBox.map { .session($0.state.id) } ?? .none
        }
    }
}
