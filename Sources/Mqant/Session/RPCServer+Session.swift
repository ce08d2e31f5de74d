public import MqantRPC

extension RPCServer {
    /// Registers a function that a client's session calls, with any number of further arguments and a result.
    ///
    /// A client's payload is the one argument. A function of the session alone takes any payload, and does not look at
    /// it.
    /// - Parameters:
    ///   - name: the function's name; clients may call those that begin with `Handler_`.
    ///   - options: how it runs; by default `.perSession` for `Handler_…`, else `.concurrent`.
    ///   - body: called on any thread. What it throws is what the client sees.
    /// - Throws: `RegistrationError` for a name that cannot be used, or is used already.
    public func register<each Argument: Decodable & Sendable, Value: Encodable & Sendable>(
        _ name: String, options: FunctionOptions? = nil,
        _ body: @escaping @Sendable (Session, repeat each Argument) async throws -> Value
    ) throws(RegistrationError) {
        try registerRaw(name, options: options) { [unowned self] request in
            let session = try session(of: request)
            let arguments = try ArgumentCoding.decode(besideSession: (repeat (each Argument).self), from: request)
            return try ArgumentCoding.encode(result: try await body(session, repeat each arguments))
        }
    }

    /// Registers a function that a client's session calls, without a result.
    public func register<each Argument: Decodable & Sendable>(
        _ name: String, options: FunctionOptions? = nil,
        _ body: @escaping @Sendable (Session, repeat each Argument) async throws -> Void
    ) throws(RegistrationError) {
        try registerRaw(name, options: options) { [unowned self] request in
            let session = try session(of: request)
            let arguments = try ArgumentCoding.decode(besideSession: (repeat (each Argument).self), from: request)
            try await body(session, repeat each arguments)
            return ArgumentCoding.null
        }
    }

    /// Registers a function that a client's session calls and that does not await: a call of it makes no task of its own.
    ///
    /// Chosen for every `body` without an `await`.
    public func register<each Argument: Decodable & Sendable, Value: Encodable & Sendable>(
        _ name: String, options: FunctionOptions? = nil,
        _ body: @escaping @Sendable (Session, repeat each Argument) throws -> Value
    ) throws(RegistrationError) {
        try registerRaw(name, options: options) { [unowned self] request in
            let session = try session(of: request)
            let arguments = try ArgumentCoding.decode(besideSession: (repeat (each Argument).self), from: request)
            return try ArgumentCoding.encode(result: try body(session, repeat each arguments))
        }
    }

    /// Registers a function that a client's session calls and that does not await, without a result.
    public func register<each Argument: Decodable & Sendable>(
        _ name: String, options: FunctionOptions? = nil,
        _ body: @escaping @Sendable (Session, repeat each Argument) throws -> Void
    ) throws(RegistrationError) {
        try registerRaw(name, options: options) { [unowned self] request in
            let session = try session(of: request)
            let arguments = try ArgumentCoding.decode(besideSession: (repeat (each Argument).self), from: request)
            try body(session, repeat each arguments)
            return ArgumentCoding.null
        }
    }

    /// Registers a function that a client's session calls and that awaits only sometimes: a call that is answered at once
    /// makes no task of its own.
    public func register<each Argument: Decodable & Sendable, Value: Encodable & Sendable>(
        _ name: String, options: FunctionOptions? = nil,
        _ body: @escaping @Sendable (Session, repeat each Argument) throws -> Answer<Value>
    ) throws(RegistrationError) {
        try registerRaw(name, options: options) { [unowned self] request in
            let session = try session(of: request)
            let arguments = try ArgumentCoding.decode(besideSession: (repeat (each Argument).self), from: request)
            return try body(session, repeat each arguments).map { try ArgumentCoding.encode(result: $0) }
        }
    }

    /// Registers a function that a client's session calls and that may block its thread.
    ///
    /// It runs on one of the node's `RPC.BlockingThreads`, where it delays nothing but other such functions.
    public func register<each Argument: Decodable & Sendable, Value: Encodable & Sendable>(
        _ name: String, options: BlockingOptions,
        _ body: @escaping @Sendable (Session, repeat each Argument) throws -> Value
    ) throws(RegistrationError) {
        try registerRaw(name, options: options) { [unowned self] request in
            let session = try session(of: request)
            let arguments = try ArgumentCoding.decode(besideSession: (repeat (each Argument).self), from: request)
            return try ArgumentCoding.encode(result: try body(session, repeat each arguments))
        }
    }

    /// Registers a function that a client's session calls and that may block its thread, without a result.
    public func register<each Argument: Decodable & Sendable>(
        _ name: String, options: BlockingOptions,
        _ body: @escaping @Sendable (Session, repeat each Argument) throws -> Void
    ) throws(RegistrationError) {
        try registerRaw(name, options: options) { [unowned self] request in
            let session = try session(of: request)
            let arguments = try ArgumentCoding.decode(besideSession: (repeat (each Argument).self), from: request)
            try body(session, repeat each arguments)
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
        return Session(box, server: self)
    }
}
