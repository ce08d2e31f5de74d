extension RPCServer {
    /// Registers a function with any number of arguments and a result.
    ///
    /// A call whose arguments do not fit, too many among them, is answered `invalidArguments` without running `body`.
    /// - Parameters:
    ///   - name: the function's name; clients may call those that begin with `Handler_`.
    ///   - options: how it runs; by default `.perSession` for `Handler_…`, else `.concurrent`.
    ///   - body: called on any thread. What it throws is what the caller sees.
    public func register<each Argument: Decodable & Sendable, Value: Encodable & Sendable>(
        _ name: String, options: FunctionOptions? = nil,
        _ body: @escaping @Sendable (repeat each Argument) async throws -> Value
    ) {
        registerRaw(name, options: options) { request in
            let arguments = try ArgumentCoding.decode((repeat (each Argument).self), from: request)
            return try ArgumentCoding.encode(result: try await body(repeat each arguments))
        }
    }

    /// Registers a function without a result; callers get JSON's `null`.
    public func register<each Argument: Decodable & Sendable>(
        _ name: String, options: FunctionOptions? = nil,
        _ body: @escaping @Sendable (repeat each Argument) async throws -> Void
    ) {
        registerRaw(name, options: options) { request in
            let arguments = try ArgumentCoding.decode((repeat (each Argument).self), from: request)
            try await body(repeat each arguments)
            return ArgumentCoding.null
        }
    }
}
