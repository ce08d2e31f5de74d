extension RPCServer {
    /// Registers a function over the payload as it came: for bytes, and for functions that decode by themselves.
    ///
    /// - Parameters:
    ///   - name: the function's name: 1 to 255 bytes of UTF-8, none that the instance has already, and none that begins
    ///     with `$`.
    ///   - options: how it runs; by default `.perSession` for `Handler_…`, else `.concurrent`.
    ///   - body: called on any thread. What it throws is what the caller sees.
    /// - Throws: `RegistrationError` for a name that cannot be used.
    public func registerRaw(
        _ name: String, options: FunctionOptions? = nil,
        _ body: @escaping @Sendable (RPCRequest) async throws -> Payload
    ) throws(RegistrationError) {
        try RegistrationError.check(name, of: "function", for: type)
        try add(FunctionTable.Function(options ?? .default(for: name), asynchronous: body), named: name)
    }

    /// Registers a function over the payload as it came that does not await: a call of it makes no task of its own.
    public func registerRaw(
        _ name: String, options: FunctionOptions? = nil, _ body: @escaping @Sendable (RPCRequest) throws -> Payload
    ) throws(RegistrationError) {
        try RegistrationError.check(name, of: "function", for: type)
        try add(FunctionTable.Function(options ?? .default(for: name), synchronous: body), named: name)
    }

    /// Registers a function over the payload as it came that may await: a call that is answered at once makes no task.
    public func registerRaw(
        _ name: String, options: FunctionOptions? = nil,
        _ body: @escaping @Sendable (RPCRequest) throws -> Answer<Payload>
    ) throws(RegistrationError) {
        try RegistrationError.check(name, of: "function", for: type)
        try add(FunctionTable.Function(options ?? .default(for: name), answering: body), named: name)
    }

    /// Registers a function over the payload as it came that may block its thread.
    public func registerRaw(
        _ name: String, options: BlockingOptions, _ body: @escaping @Sendable (RPCRequest) throws -> Payload
    ) throws(RegistrationError) {
        try RegistrationError.check(name, of: "function", for: type)
        let function = FunctionTable.Function(options.options(for: name), mayBlock: true, synchronous: body)
        try add(function, named: name)
    }

    /// Registers a function of the framework's own, whose name may begin with `$`.
    ///
    /// - Throws: `RegistrationError` if the instance has a function of this name.
    package func registerFramework<Argument: Decodable & Sendable>(
        _ name: String, options: FunctionOptions, _ body: @escaping @Sendable (Argument) throws -> Void
    ) throws(RegistrationError) {
        let function = FunctionTable.Function(
            options,
            synchronous: { request in
                try body(ArgumentCoding.decode((Argument.self), from: request))
                return ArgumentCoding.null
            })
        try add(function, named: name)
    }
}
