public import MqantRPC

/// A function of a module type, with the types of its argument and its result: a reference that the compiler checks.
///
///     extension Login {
///         static let getRand = Function<String, String>(type, "getRand")
///     }
///
///     try server.register(Login.getRand) { text in … }         // in Login
///     let text = try await context.call(Login.getRand, "abc")   // anywhere else
public struct Function<Argument: Codable & Sendable, Value: Codable & Sendable>: Sendable, Hashable {
    /// The module type that serves it.
    public let type: ModuleType
    /// Its name, as on the wire.
    public let name: String

    /// Refers to a function of a module type by its name.
    public init(_ type: ModuleType, _ name: String) {
        self.type = type
        self.name = name
    }
}

extension RPCServer {
    /// Registers the body of a function.
    ///
    /// - Parameters:
    ///   - function: what callers refer to.
    ///   - options: how it runs; by default `.concurrent`.
    ///   - body: called on any thread. What it throws is what the caller sees.
    /// - Throws: `RegistrationError` for a name that cannot be used, or is used already.
    public func register<Argument, Value>(
        _ function: Function<Argument, Value>, options: FunctionOptions? = nil,
        _ body: @escaping @Sendable (Argument) async throws -> Value
    ) throws(RegistrationError) {
        try register(function.name, options: options, body)
    }

    /// Registers the body of a function, which does not await: a call of it makes no task of its own.
    public func register<Argument, Value>(
        _ function: Function<Argument, Value>, options: FunctionOptions? = nil,
        _ body: @escaping @Sendable (Argument) throws -> Value
    ) throws(RegistrationError) {
        try register(function.name, options: options, body)
    }

    /// Registers the body of a function, which may block its thread.
    public func register<Argument, Value>(
        _ function: Function<Argument, Value>, options: BlockingOptions,
        _ body: @escaping @Sendable (Argument) throws -> Value
    ) throws(RegistrationError) {
        try register(function.name, options: options, body)
    }
}

extension ModuleContext {
    /// Calls a function and awaits its result.
    ///
    /// - Parameters:
    ///   - function: what is called.
    ///   - argument: its argument.
    ///   - endpoint: which instance is meant; nil: any of the function's type.
    ///   - timeout: how long to wait; nil: `RPC.Timeout` of `server.conf`, 10 s by default.
    /// - Throws: `RPCError`; its `outcome` tells whether calling again is safe.
    public func call<Argument, Value>(
        _ function: Function<Argument, Value>, _ argument: Argument, at endpoint: Endpoint? = nil,
        timeout: Duration? = nil
    ) async throws(RPCError) -> Value {
        try await call(
            endpoint ?? .any(function.type), function.name, argument, returning: Value.self, timeout: timeout)
    }
}
