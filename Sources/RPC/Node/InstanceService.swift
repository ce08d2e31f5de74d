import Logging
import NIOCore
import Synchronization

/// Serves the instances of a node: opens their queues, tells the cluster of them, and lets their last calls end.
final class InstanceService: Sendable {
    private let core: NodeCore
    private let groups: GroupService
    private let publisher: ViewPublisher
    private let announcer: Announcer

    init(_ core: NodeCore, _ groups: GroupService, _ publisher: ViewPublisher, _ announcer: Announcer) {
        self.core = core
        self.groups = groups
        self.publisher = publisher
        self.announcer = announcer
    }

    /// Begins to serve an instance; see `RPCNode.serve`.
    func serve(_ server: RPCServer) async throws(RPCError) {
        core.state.withLock { $0.instances.beginOpening() }
        let queue: QueueName
        do throws(RPCError) {
            queue = try await core.transport.openQueue(for: server.instance)
        } catch {
            core.state.withLock { $0.instances.openingFailed() }
            throw error
        }
        let instance = core.state.withLock { state in
            let instance = state.instances.opened(queue, for: server)
            state.view.addLocal(instance)
            return instance
        }
        serveGroups(of: instance, receiver: server.groupReceiver)
        publisher.publish()
        announcer.announce()
    }

    /// Has an instance that is about to be announced own groups, and be a Gate if it receives pushes.
    private func serveGroups(of instance: InstanceDescription, receiver: GroupReceiver?) {
        let address = QueueAddress(instance.queue, generation: instance.generation ?? 0)
        groups.add(
            IncarnationID(instance.id, on: core.id, life: instance.life), instance.isGate ? nil : instance.type,
            at: address, receiver: receiver)
        // It may have got another queue meanwhile.
        let view = core.state.withLock { $0.view }
        guard let now = view.local[instance.id], let generation = now.generation, now.queue != instance.queue else {
            return
        }
        groups.reconnected([instance.id: QueueAddress(now.queue, generation: generation)], view)
    }

    /// The instances have the queues of a new connection: the old names, each with the new one.
    func connectionOpened(_ names: [QueueName: QueueName]) {
        let (addresses, view) = core.state.withLock { state in
            let generation = state.instances.rename(names)
            let addresses = state.view.renameLocal(names, generation: generation)
            state.view.change { $0.expected.connectionReturned(now: .now()) }
            state.link.setOpen(true)
            return (addresses, state.view)
        }
        groups.reconnected(addresses, view)
    }

    // MARK: The end

    /// Ends serving an instance; see `RPCNode.withdraw`.
    func withdraw(_ server: RPCServer, within bound: TimeAmount) async {
        let queue = core.state.withLock { state in
            let queue = state.view.local[server.instance]?.queue
            state.view.removeLocal(server.instance)
            return queue
        }
        guard let queue else { return }
        publisher.publish()
        announcer.announce()
        let end = NIODeadline.now() + bound
        // To callers, a queue that is gone is a process that is gone: it stays for as long as it has brought calls.
        await waitUntilIdle(server, until: end - Self.closingTime)
        await core.transport.closeQueue(queue)
        await drain(server, within: max(.zero, end - .now()))
        core.state.withLock { $0.instances.remove(server) }
        groups.remove(server.instance)
    }

    /// How long a queue takes to close, and then stragglers to be answered.
    private static var closingTime: TimeAmount { .seconds(3) }

    private func waitUntilIdle(_ server: RPCServer, until end: NIODeadline) async {
        while server.load.running + server.load.waiting > 0, NIODeadline.now() < end {
            // Polled: this happens once in an instance's life, and calls may come in still, so that its end would be no
            // event.
            do { try await Task.sleep(for: .milliseconds(5)) } catch { return }
        }
    }

    private func drain(_ server: RPCServer, within bound: TimeAmount) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await server.drain() }
            // What takes longer is given up: the node has to end.
            group.addTask { try? await Task.sleep(for: .nanoseconds(bound.nanoseconds)) }
            await group.next()
            group.cancelAll()
        }
        let load = server.load
        guard load.running + load.waiting > 0 else { return }
        core.logger.warning(
            "calls given up at shut-down",
            metadata: ["instance": "\(server.instance)", "running": "\(load.running)", "waiting": "\(load.waiting)"])
    }
}
