public import MqantConfiguration
public import MqantRPC
import ServiceLifecycle

/// A part of the server that is placed by `server.conf`: mqant's module.
///
/// One instance is made for each entry of the module's type whose `Host` is this machine. Its life: `init`,
/// `register(on:)`, then calls may arrive, `run()` until the node shuts down, then the calls that it still has are
/// finished, `shutdown()`. Nodes shut modules down in the reverse order of their start.
public protocol Module: Sendable {
    /// The `Settings` of an entry; by default they are not looked at.
    associatedtype Settings: ModuleSettings = UncheckedSettings

    /// The key under `Module` in `server.conf`, and the first level of a client's topics.
    static var type: ModuleType { get }

    /// Says which instance a client's request is for, where there are several; by default any will do.
    ///
    /// Called on the Gate's event loop for each such request: it must not block.
    static func route(_ request: ClientRequest) -> Endpoint

    /// Makes the instance (mqant's `OnInit`). No calls arrive yet; calls to others are answered by modules that serve
    /// already. What it throws ends the node, with the module's name.
    init(settings: Settings, context: ModuleContext) async throws

    /// Registers the functions that the instance serves.
    func register(on server: RPCServer) throws

    /// Works until the node shuts down; by default waits for that. Returning early is fine, throwing ends the node.
    func run() async throws

    /// Cleans up (mqant's `OnDestroy`), once no call is in hand any more.
    func shutdown() async

    /// Parts that live as long as the instance, such as a `Roster`: registered, run and shut down with it.
    var components: [any ModuleComponent] { get }
}

extension Module {
    /// Any instance.
    public static func route(_ request: ClientRequest) -> Endpoint { .any(type) }

    /// Registers nothing.
    public func register(on server: RPCServer) throws {}

    /// Waits for the graceful shutdown.
    public func run() async throws { try await gracefulShutdown() }

    /// Does nothing.
    public func shutdown() async {}

    /// No components.
    public var components: [any ModuleComponent] { [] }
}
