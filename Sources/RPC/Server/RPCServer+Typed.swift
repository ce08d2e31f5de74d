extension RPCServer {
    /// Registers a function with any number of arguments and a result.
    ///
    /// A call whose arguments do not fit, too many among them, is answered `invalidArguments` without running `body`.
    /// - Parameters:
    ///   - name: the function's name; clients may call those that begin with `Handler_`.
    ///   - options: how it runs; by default `.perSession` for `Handler_…`, else `.concurrent`.
    ///   - body: called on any thread. What it throws is what the caller sees.
    /// - Throws: `RegistrationError` for a name that cannot be used, or is used already.
    public func register<each Argument: Decodable & Sendable, Value: Encodable & Sendable>(
        _ name: String, options: FunctionOptions? = nil,
        _ body: @escaping @Sendable (repeat each Argument) async throws -> Value
    ) throws(RegistrationError) {
        try registerRaw(name, options: options) { request in
            let arguments = try ArgumentCoding.decode((repeat (each Argument).self), from: request)
            return try ArgumentCoding.encode(result: try await body(repeat each arguments))
        }
    }

    /// Registers a function without a result; callers get JSON's `null`.
    public func register<each Argument: Decodable & Sendable>(
        _ name: String, options: FunctionOptions? = nil,
        _ body: @escaping @Sendable (repeat each Argument) async throws -> Void
    ) throws(RegistrationError) {
        try registerRaw(name, options: options) { request in
            let arguments = try ArgumentCoding.decode((repeat (each Argument).self), from: request)
            try await body(repeat each arguments)
            return ArgumentCoding.null
        }
    }

    /// Registers a function that does not await: a call of it makes no task of its own.
    ///
    /// Chosen for every `body` without an `await`.
    /// - Parameters:
    ///   - name: the function's name; clients may call those that begin with `Handler_`.
    ///   - options: how it runs; by default `.perSession` for `Handler_…`, else `.concurrent`. A `.nonblocking` one runs
    ///     on the thread that delivers the call.
    ///   - body: called on any thread. What it throws is what the caller sees.
    /// - Throws: `RegistrationError` for a name that cannot be used, or is used already.
    public func register<each Argument: Decodable & Sendable, Value: Encodable & Sendable>(
        _ name: String, options: FunctionOptions? = nil,
        _ body: @escaping @Sendable (repeat each Argument) throws -> Value
    ) throws(RegistrationError) {
        try registerRaw(name, options: options) { request in
            let arguments = try ArgumentCoding.decode((repeat (each Argument).self), from: request)
            return try ArgumentCoding.encode(result: try body(repeat each arguments))
        }
    }

    /// Registers a function that does not await, without a result.
    public func register<each Argument: Decodable & Sendable>(
        _ name: String, options: FunctionOptions? = nil,
        _ body: @escaping @Sendable (repeat each Argument) throws -> Void
    ) throws(RegistrationError) {
        try registerRaw(name, options: options) { request in
            let arguments = try ArgumentCoding.decode((repeat (each Argument).self), from: request)
            try body(repeat each arguments)
            return ArgumentCoding.null
        }
    }

    /// Registers a function that awaits only sometimes: a call that is answered at once makes no task of its own.
    ///
    /// - Parameters:
    ///   - name: the function's name; clients may call those that begin with `Handler_`.
    ///   - options: how it runs; by default `.perSession` for `Handler_…`, else `.concurrent`.
    ///   - body: called on any thread. What it throws is what the caller sees.
    /// - Throws: `RegistrationError` for a name that cannot be used, or is used already.
    public func register<each Argument: Decodable & Sendable, Value: Encodable & Sendable>(
        _ name: String, options: FunctionOptions? = nil,
        _ body: @escaping @Sendable (repeat each Argument) throws -> Answer<Value>
    ) throws(RegistrationError) {
        try registerRaw(name, options: options) { request in
            let arguments = try ArgumentCoding.decode((repeat (each Argument).self), from: request)
            return try body(repeat each arguments).map { try ArgumentCoding.encode(result: $0) }
        }
    }

    /// Registers a function that may block its thread: for a password hash, a file, a driver that knows no `await`.
    ///
    ///     try server.register("hash", options: .blocking) { (password: String) in try hash(password) }
    ///
    /// It runs on one of the node's `RPC.BlockingThreads`, where it delays nothing but other such functions. A call whose
    /// deadline passes while it waits for a thread is not run.
    /// - Parameters:
    ///   - name: the function's name; clients may call those that begin with `Handler_`.
    ///   - options: how it runs.
    ///   - body: what it does, without an `await`. What it throws is what the caller sees.
    /// - Throws: `RegistrationError` for a name that cannot be used, or is used already.
    public func register<each Argument: Decodable & Sendable, Value: Encodable & Sendable>(
        _ name: String, options: BlockingOptions,
        _ body: @escaping @Sendable (repeat each Argument) throws -> Value
    ) throws(RegistrationError) {
        try registerRaw(name, options: options) { request in
            let arguments = try ArgumentCoding.decode((repeat (each Argument).self), from: request)
            return try ArgumentCoding.encode(result: try body(repeat each arguments))
        }
    }

    /// Registers a function that may block its thread, without a result.
    public func register<each Argument: Decodable & Sendable>(
        _ name: String, options: BlockingOptions,
        _ body: @escaping @Sendable (repeat each Argument) throws -> Void
    ) throws(RegistrationError) {
        try registerRaw(name, options: options) { request in
            let arguments = try ArgumentCoding.decode((repeat (each Argument).self), from: request)
            try body(repeat each arguments)
            return ArgumentCoding.null
        }
    }
}
