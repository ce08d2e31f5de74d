public import MqantRPC

/// One live instance of a module type, picked for several calls (mqant's `ServerSession`): they all go to it.
///
/// When the instance is gone, calls throw `notFound`; pick another one then.
public struct ModuleInstance: Sendable {
    /// The instance's `Id`.
    public let instance: InstanceID
    /// Its module type.
    public let type: ModuleType
    private let context: ModuleContext

    init(_ instance: InstanceID, _ type: ModuleType, _ context: ModuleContext) {
        self.instance = instance
        self.type = type
        self.context = context
    }

    /// Calls a function of the instance and awaits its result (mqant's `Call`).
    ///
    /// - Throws: `RPCError`; its `outcome` tells whether calling again is safe.
    public func call<each Argument: Encodable & Sendable, Value: Decodable>(
        _ function: String, _ arguments: repeat each Argument, returning: Value.Type = Value.self,
        timeout: Duration? = nil
    ) async throws(RPCError) -> Value {
        try await context.call(
            .instance(instance), function, repeat each arguments, returning: returning, timeout: timeout)
    }

    /// Calls a function of the instance without waiting for an answer (mqant's `CallNR`). Fire and forget.
    ///
    /// - Throws: `RPCError` `notFound` if the instance is not known any more.
    public func cast<each Argument: Encodable & Sendable>(
        _ function: String, _ arguments: repeat each Argument
    ) throws(RPCError) {
        try context.cast(.instance(instance), function, repeat each arguments)
    }
}

extension ModuleContext {
    /// The live instances of a module type, as this node knows them now (mqant's `GetServersByType`), sorted by `Id`.
    public func servers(of type: ModuleType) -> [ModuleInstance] {
        node.view.candidates(of: type).map(\.instance.id).sorted().map { ModuleInstance($0, type, self) }
    }

    /// One live instance of a module type: of this process if there is one, else the less busy of two (mqant's
    /// `GetRouteServer`).
    ///
    /// - Throws: `RPCError` `notFound` if there is none.
    public func pick(_ type: ModuleType) throws(RPCError) -> ModuleInstance {
        ModuleInstance(try node.pick(.any(type)), type, self)
    }
}
