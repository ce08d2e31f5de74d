public import Logging
public import MqantConfiguration
public import MqantRPC
import NIOCore

/// What an instance gets when it is made: its name, and its way to all other modules.
///
/// Its functions may be called from any thread and any task. Nothing in it changes; it is a class because it goes with every
/// request, and a structure would be copied for each.
public final class ModuleContext: Sendable {
    /// The module's type.
    public let type: ModuleType
    /// The instance's `Id`.
    public let instance: InstanceID
    /// The program's name, such as `mqantserver`.
    public let program: String
    /// The whole of `server.conf`.
    public let configuration: ServerConfiguration
    /// Logs with the instance's id.
    public let logger: Logger
    package let node: RPCNode
    package let routes: Routes
    /// How many connections the system's limit of open files leaves for this instance: as many as its `Settings`
    /// announced (`DescriptorDemand`), or fewer. Without an announcement there is no limit here.
    public let maximumConnections: Int

    package init(
        type: ModuleType, instance: InstanceID, program: String = "mqantserver", configuration: ServerConfiguration,
        logger: Logger, node: RPCNode, routes: Routes = Routes(), maximumConnections: Int = .max
    ) {
        self.type = type
        self.instance = instance
        self.program = program
        self.configuration = configuration
        self.logger = logger
        self.node = node
        self.routes = routes
        self.maximumConnections = maximumConnections
    }

    /// Calls a function and awaits its result (mqant's `Call`).
    ///
    /// - Parameters:
    ///   - endpoint: a module type (`"Login"`), `.keyed(type, key:)` or `.instance(id)`.
    ///   - function: the function's name.
    ///   - arguments: what the function takes, in its order.
    ///   - returning: the type of the result, where nothing else says it.
    ///   - timeout: how long to wait; nil: `RPC.Timeout` of `server.conf`, 10 s by default.
    /// - Throws: `RPCError`; its `outcome` tells whether calling again is safe.
    public func call<each Argument: Encodable & Sendable, Value: Decodable>(
        _ endpoint: Endpoint, _ function: String, _ arguments: repeat each Argument, returning: Value.Type = Value.self,
        timeout: Duration? = nil
    ) async throws(RPCError) -> Value {
        let request = RPCRequest(
            function: function, payload: try ArgumentCoding.encode(arguments: repeat each arguments))
        let payload = try await node.call(endpoint, request, timeout: timeout.map(TimeAmount.init))
        return try ArgumentCoding.decode(result: Value.self, from: payload)
    }

    /// Calls a function whose result does not matter, but whose end does.
    public func call<each Argument: Encodable & Sendable>(
        _ endpoint: Endpoint, _ function: String, _ arguments: repeat each Argument, timeout: Duration? = nil
    ) async throws(RPCError) {
        let request = RPCRequest(
            function: function, payload: try ArgumentCoding.encode(arguments: repeat each arguments))
        _ = try await node.call(endpoint, request, timeout: timeout.map(TimeAmount.init))
    }

    /// Calls a function without waiting for an answer (mqant's `CallNR`). Fire and forget.
    ///
    /// - Throws: `RPCError` `notFound` if no live instance is known.
    public func cast<each Argument: Encodable & Sendable>(
        _ endpoint: Endpoint, _ function: String, _ arguments: repeat each Argument
    ) throws(RPCError) {
        let request = RPCRequest(
            function: function, payload: try ArgumentCoding.encode(arguments: repeat each arguments))
        try node.cast(endpoint, request)
    }

    /// Calls with a payload of one's own making: for bytes.
    public func callRaw(
        _ endpoint: Endpoint, _ request: RPCRequest, timeout: Duration? = nil
    ) async throws(RPCError) -> Payload {
        try await node.call(endpoint, request, timeout: timeout.map(TimeAmount.init))
    }
}
