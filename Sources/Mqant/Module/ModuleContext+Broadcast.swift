public import MqantRPC
import NIOCore

extension ModuleContext {
    /// Calls a function of every live instance of a type without waiting for answers. Fire and forget.
    ///
    ///     try context.cast(.all("Stats"), "played", table)
    ///
    /// - Parameters:
    ///   - broadcast: `.all(type)`: the instances that this node knows of now, its own among them, the caller itself too.
    ///   - function: the function's name.
    ///   - arguments: what the function takes, in its order.
    /// - Throws: `RPCError` `notFound` if no live instance is known.
    public func cast<each Argument: Encodable & Sendable>(
        _ broadcast: Broadcast, _ function: String, _ arguments: repeat each Argument
    ) throws(RPCError) {
        let request = RPCRequest(
            function: function, payload: try ArgumentCoding.encode(arguments: repeat each arguments))
        try node.cast(broadcast, request)
    }

    /// Calls a function of every live instance of a type, all at the same time, and awaits all results.
    ///
    ///     let games = try await context.callAll("Table", "games", returning: Int.self)
    ///     let total = games.values.reduce(0) { $0 + ((try? $1.get()) ?? 0) }
    ///
    /// - Parameters:
    ///   - type: whose instances: those that this node knows of now, its own among them, the caller itself too.
    ///   - function: the function's name.
    ///   - arguments: what the function takes, in its order.
    ///   - returning: the type of the results, where nothing else says it.
    ///   - timeout: how long to wait for each; nil: `RPC.Timeout` of `server.conf`, 10 s by default.
    /// - Returns: by instance, its result, or why there is none; empty if no live instance is known.
    /// - Throws: `RPCError` if the arguments cannot be encoded. Nothing was sent then.
    public func callAll<each Argument: Encodable & Sendable, Value: Decodable & Sendable>(
        _ type: ModuleType, _ function: String, _ arguments: repeat each Argument, returning: Value.Type = Value.self,
        timeout: Duration? = nil
    ) async throws(RPCError) -> [InstanceID: Result<Value, RPCError>] {
        let request = RPCRequest(
            function: function, payload: try ArgumentCoding.encode(arguments: repeat each arguments))
        let replies = await node.callAll(type, request, timeout: timeout.map(TimeAmount.init))
        return replies.mapValues { reply in
            Result { () throws(RPCError) in try ArgumentCoding.decode(result: Value.self, from: reply.get()) }
        }
    }
}
