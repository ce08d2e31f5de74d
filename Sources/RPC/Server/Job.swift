/// A call that an instance has taken in.
struct Job: Sendable {
    var request: RPCRequest
    let function: FunctionTable.Function
    let completion: RPCServer.Completion
    /// What this job must not overtake or run beside.
    let lane: LaneID

    init(request: RPCRequest, function: FunctionTable.Function, completion: @escaping RPCServer.Completion) {
        self.request = request
        self.function = function
        self.completion = completion
        lane =
            switch function.options.execution.kind {
            case .serial: .serial
            case .concurrent: .none
            case .perSession: request.sessionBox.map { .session($0.state.id) } ?? .none
            }
    }
}
