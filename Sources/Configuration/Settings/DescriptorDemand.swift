/// The descriptors (open files) that a module instance needs while it runs, besides those of the addresses at which it
/// listens.
///
/// The node shares the system's limit out among its instances: `ModuleContext.maximumConnections`.
public struct DescriptorDemand: Sendable, Hashable {
    /// A loop of NIO has three: epoll, eventfd, timerfd.
    package static let perLoop = 3

    /// Newcomers without a place that a listener has open at a time, until they are closed.
    package static let newcomers = 4

    /// A listener's own, those of newcomers that are to be closed, and those that one turn accepts more (NIO accepts four
    /// connections in a turn).
    package static let perListener = 1 + newcomers + 3

    /// Event loops that the instance makes.
    public var loops: Int

    /// The largest number of connections that the settings allow.
    public var connections: Int

    /// What each connection needs: its socket, and what is opened for it.
    public var perConnection: Int

    /// How many addresses it listens on.
    package var listeners = 0

    /// Makes a demand.
    public init(loops: Int = 0, connections: Int, perConnection: Int = 1) {
        self.loops = loops
        self.connections = connections
        self.perConnection = perConnection
    }
}
