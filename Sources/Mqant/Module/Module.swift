public import RPC
import ServiceLifecycle

/// A part of the server that is placed by `server.conf`: mqant's module.
///
/// One instance is made for each entry of the module's type whose `Host` is this machine. Its life: `init`,
/// `register(on:)`, then calls may arrive, `run()` until the node shuts down, then the calls that it still has are
/// finished, `shutdown()`. Nodes shut modules down in the reverse order of their start.
public protocol Module: Sendable {
    /// The key under `Module` in `server.conf`, and the first level of a client's topics.
    static var type: ModuleType { get }

    /// Says what is wrong with an entry's `Settings`, before anything starts; `mqantserver check` runs it too.
    /// Nil, the default: nothing is checked.
    static var settingsCheck: ServerConfiguration.SettingsCheck? { get }

    /// Makes the instance (mqant's `OnInit`). No calls arrive yet; calls to others are answered by modules that serve
    /// already. What it throws ends the node, with the module's name.
    init(context: ModuleContext) async throws

    /// Registers the functions that the instance serves.
    func register(on server: RPCServer) throws

    /// Works until the node shuts down; by default waits for that. Returning early is fine, throwing ends the node.
    func run() async throws

    /// Cleans up (mqant's `OnDestroy`), once no call is in hand any more.
    func shutdown() async
}

extension Module {
    public static var settingsCheck: ServerConfiguration.SettingsCheck? { nil }

    public func register(on server: RPCServer) throws {}

    public func run() async throws { try await gracefulShutdown() }

    public func shutdown() async {}
}
