import Logging
import NIOCore
import Synchronization

/// What the parts of a node share: its state, and its ways out.
final class NodeCore: Sendable {
    /// Values that each keep to themselves what is theirs, under one lock: what one of them decides by is what the
    /// others know.
    struct State {
        var view: ClusterView
        var router: CallRouter
        var timer = DeadlineTimer<Scheduled<Void>>()
        var instances = LocalInstances()
        var link: LinkHealth
        var announcements: OwnAnnouncements
        var observers = ViewObservers()
    }

    let id: NodeID
    let configuration: RPCNode.Configuration
    let timing: MembershipTiming
    let transport: any Transport
    /// For short work only.
    let eventLoop: any EventLoop
    let logger: Logger
    let statistics = RPCClientStatistics()
    let state: Mutex<State>

    init(
        id: NodeID, transport: any Transport, configuration: RPCNode.Configuration, eventLoop: any EventLoop,
        logger: Logger
    ) {
        self.id = id
        self.configuration = configuration
        self.transport = transport
        self.eventLoop = eventLoop
        self.logger = logger
        timing = configuration.membership ?? MembershipTiming()
        state = Mutex(
            State(
                view: ClusterView(MembershipTable(own: id, timing: timing)),
                router: CallRouter(maximumCalls: configuration.maxCalls, now: configuration.clock.now),
                link: LinkHealth(deafness: timing.deafness),
                announcements: OwnAnnouncements(node: id, host: configuration.host, timing: timing)))
    }

    /// The time by which calls are due.
    var clock: NodeClock { configuration.clock }
}
