import Logging
public import MqantRPC
import NIOCore
import ServiceLifecycle
import Synchronization

/// Who is in the groups that an instance owns, across all Gates, and how it hears of ends that nobody reported.
///
/// Sessions that join a group with a `Presence` are reported by their Gates to the instance that owns the presence's
/// key. The roster is a copy: memberships live at the Gates, and are reported anew when ownership moves, so an instance
/// that dies takes nothing with it. When a Gate dies, the ends of its memberships are told within 3 s, or within 20 s if
/// it only fell silent.
///
///     roster = Roster(context: context) { end in … }          // in init
///     var components: [any ModuleComponent] { [roster] }      // registers and runs it with the module
public final class Roster: ModuleComponent {
    /// A session that is in a group.
    public struct Member: Sendable, Hashable {
        /// The session's id.
        public var session: SessionID
        /// The presence's name.
        public var name: String
        /// The Gate that holds the connection.
        public var gate: InstanceID
    }

    /// A change that the members of a group may want to hear of. Only the owner of the key is told.
    public struct Event: Sendable, Hashable {
        /// What happened. Versions to come may tell of more, so this is no enum: let a `switch` have a `default` that does
        /// nothing.
        public struct Kind: Sendable, Hashable {
            private enum Value: Sendable, Hashable {
                case ended
                case returned
            }

            private let value: Value

            /// The last session under this name left, lost its connection, or went down with its Gate.
            public static let ended = Self(value: .ended)
            /// It had been taken for gone with its silent Gate, and is there again.
            public static let returned = Self(value: .returned)
        }

        /// What happened.
        public var kind: Kind
        /// Where.
        public var group: GroupName
        /// The presence's key.
        public var key: String
        /// The presence's name.
        public var name: String
    }

    private struct State {
        var roster: RosterState
        var owners: [QueueName] = []
        var reconnected: NIODeadline?
        var timer: Scheduled<Void>?
    }

    /// How long Gates may take to list their members.
    private static let listTimeout = TimeAmount.seconds(2)

    private let context: ModuleContext
    private let onEvent: @Sendable (Event) -> Void
    private let state: Mutex<State>
    private let wakeUps = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))

    /// Makes a roster; name it in the module's `components`.
    ///
    /// - Parameters:
    ///   - context: the context of its module's instance.
    ///   - onEvent: called on any thread, one group's events in their order; must not block.
    public init(context: ModuleContext, onEvent: @escaping @Sendable (Event) -> Void) {
        self.context = context
        self.onEvent = onEvent
        state = Mutex(State(roster: RosterState(now: context.node.clock.now)))
    }

    /// Registers the functions by which Gates report.
    public func register(on server: RPCServer) throws {
        // In the order of their arrival: an end must not overtake its beginning.
        let options = FunctionOptions.serial.nonblocking
        try server.registerFramework(PresenceReport.beginFunction, options: options) {
            [self] (report: PresenceReport) in
            tell(.returned, state.withLock { $0.roster.begin(report) })
        }
        try server.registerFramework(PresenceReport.endFunction, options: options) { [self] (report: PresenceReport) in
            tell(.ended, state.withLock { $0.roster.end(report, now: context.node.clock.now) })
        }
    }

    /// Watches the Gates until the node shuts down.
    public func run() async throws {
        let wake = wakeUps.continuation
        context.node.observeView { _ = wake.yield() }
        wake.yield()
        await cancelWhenGracefulShutdown { [self] in
            for await _ in wakeUps.stream { look() }
        }
        state.withLock { $0.timer }?.cancel()
    }

    /// The members of a group, whatever Gate they are at.
    ///
    /// The first time after the ownership of keys may have moved, all Gates are asked for theirs; one that does not
    /// answer within 2 s is taken as its last reports had it.
    public func members(of group: GroupName) async -> [Member] {
        let epoch = state.withLock { state in
            update(&state)
            return state.roster.epoch
        }
        if state.withLock({ $0.roster.groups[group]?.completeIn }) != epoch { await complete(group, epoch) }
        return state.withLock { $0.roster.members(of: group) }
    }

    private func complete(_ group: GroupName, _ epoch: UInt64) async {
        let isComplete = await withTaskGroup(of: Bool.self) { tasks in
            for gate in context.node.view.gates {
                tasks.addTask { [self] in await list(group, gate) }
            }
            return await tasks.reduce(true) { $0 && $1 }
        }
        if isComplete { state.withLock { $0.roster.groups[group]?.completeIn = epoch } }
    }

    private func list(_ group: GroupName, _ gate: InstanceDescription) async -> Bool {
        do {
            let arguments = try ArgumentCoding.encode(arguments: group)
            let request = RPCRequest(function: GateFunction.members, payload: arguments)
            let asked = state.withLock { $0.roster.reports }
            let payload = try await context.node.call(.instance(gate.id), request, timeout: Self.listTimeout)
            let members = try ArgumentCoding.decode(result: [GroupMember].self, from: payload)
            state.withLock { state in
                state.roster.replace(membersOf: group, at: gate.id, gate.queue, with: members, asked: asked)
            }
            return true
        } catch {
            context.logger.debug("a Gate did not list a group", metadata: ["gate": "\(gate.id)", "error": "\(error)"])
            return false
        }
    }

    // MARK: Gates that go

    private func look() {
        let findings = state.withLock { state in
            let view = update(&state)
            let now = context.node.clock.now
            let own = context.instance
            let type = context.type
            let findings = state.roster.look(
                view.reachability(of: state.roster.incarnations), reconnected: state.reconnected, now: now
            ) { key in
                let (owner, heir) = view.ownerAndHeir(of: key, type)
                return owner?.instance.id == own ? .owner : heir?.instance.id == own ? .heir : .none
            }
            state.timer?.cancel()
            let wake = wakeUps.continuation
            state.timer = findings.next.map { next in
                context.node.clock.schedule(at: next, on: context.node.eventLoop) { _ = wake.yield() }
            }
            return findings
        }
        tell(.ended, findings.ended)
        for gate in findings.returned { askToReport(gate) }
    }

    /// Begins a new epoch if other instances of the type are there, or this node has reconnected.
    @discardableResult
    private func update(_ state: inout State) -> ClusterView {
        let view = context.node.view
        let owners = view.candidates(of: context.type).map(\.instance.queue)
        guard owners != state.owners else { return view }
        if let queue = view.local[context.instance]?.queue, !state.owners.contains(queue), !state.owners.isEmpty {
            state.reconnected = context.node.clock.now
        }
        state.owners = owners
        state.roster.epoch += 1
        return view
    }

    /// A Gate that was silent for long, and lost nothing itself, has its members reported again.
    private func askToReport(_ gate: InstanceID) {
        let request = RPCRequest(function: GateFunction.report, payload: .json(ByteBuffer(string: "[]")))
        try? context.node.cast(.instance(gate), request)
    }

    private func tell(_ kind: Event.Kind, _ events: [RosterState.Event]) {
        for event in events {
            onEvent(Event(kind: kind, group: event.group, key: event.key, name: event.name))
        }
    }
}
