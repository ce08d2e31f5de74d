public import RPC

extension RPCServer {
    /// Registers a function that a client's session calls, with any number of further arguments and a result.
    ///
    /// - Parameters:
    ///   - name: the function's name; clients may call those that begin with `Handler_`.
    ///   - options: how it runs; by default `.perSession` for `Handler_…`, else `.concurrent`.
    ///   - body: called on any thread. What it throws is what the client sees.
    public func register<each Argument: Decodable & Sendable, Value: Encodable & Sendable>(
        _ name: String, options: FunctionOptions? = nil,
        _ body: @escaping @Sendable (Session, repeat each Argument) async throws -> Value
    ) {
        registerRaw(name, options: options) { [unowned self] request in
            let session = try session(of: request)
            let arguments = try ArgumentCoding.decode((repeat (each Argument).self), from: request)
            return try ArgumentCoding.encode(result: try await body(session, repeat each arguments))
        }
    }

    /// Registers a function that a client's session calls, without a result.
    public func register<each Argument: Decodable & Sendable>(
        _ name: String, options: FunctionOptions? = nil,
        _ body: @escaping @Sendable (Session, repeat each Argument) async throws -> Void
    ) {
        registerRaw(name, options: options) { [unowned self] request in
            let session = try session(of: request)
            let arguments = try ArgumentCoding.decode((repeat (each Argument).self), from: request)
            try await body(session, repeat each arguments)
            return ArgumentCoding.null
        }
    }

    /// The session of a request, for functions registered by `registerRaw`.
    ///
    /// - Throws: `RPCError` `invalidArguments` if the request came without one.
    public func session(of request: RPCRequest) throws(RPCError) -> Session {
        guard let box = request.sessionBox else {
            throw RPCError(.invalidArguments, "\(request.function) is for clients: the call has no session")
        }
        return Session(box.state, node: node) { [weak self] changed in self?.sessionChanged(changed) }
    }
}
