package import NIOCore
import Synchronization

extension RPCNode: TransportReceiver {
    package func received(_ envelope: Envelope, on queue: QueueName) {
        switch envelope {
        case .reply(let reply, let id, let responder):
            if let responder, let load = responder.load {
                core.state.withLock { $0.view.note(load, of: responder.instance, now: .now()) }
            }
            calls.complete(id, with: reply)
        case .request(let request):
            if queue == .everybodys { return pushes.receiveFromEverywhere(request) }
            guard let server = core.state.withLock({ $0.instances.server(of: queue) }) else {
                return core.answer(request, with: .failure(.withdrawn), from: nil)
            }
            server.receive(request) { [core] in core.answer(request, with: $0, from: server) }
        }
    }

    package func returned(_ envelope: Envelope, from queue: QueueName) {
        switch envelope {
        case .request(let request):
            if let id = request.correlationID { return calls.returned(id, by: queue) }
            core.state.withLock { $0.view.remove(queue: queue) }
            publisher.publish()
            statistics.countLostCast()
        case .reply:
            // The caller is gone; nobody is left to tell.
            break
        }
    }

    package func refused(_ request: RPCRequest, _ error: RPCError) {
        guard let id = request.correlationID else { return statistics.countLostCast() }
        calls.refused(id, error)
    }

    package func connectionChanged(_ change: ConnectionChange) {
        switch change {
        case .broke(let unwritten, let isAffected):
            membership.connectionBroke(isAffected: isAffected)
            calls.disconnected(unwritten: unwritten, isAffected: isAffected)
        case .opened(let names):
            instances.connectionOpened(names)
            membership.connectionReturned()
        case .standby(let id, let isStandby): membership.standby(id, isStandby)
        case .stalled(let isStalled): membership.connectionStalled(isStalled)
        }
    }

    package func received(_ announcement: Announcement) { membership.received(announcement) }

    package func refused(_ node: NodeID, host: String, version: Int) {
        membership.refused(node, host: host, version: version)
    }

    package func vanished(_ queue: QueueName, probedAt: NIODeadline) { membership.vanished(queue, probedAt: probedAt) }

    package func gone(_ node: NodeID, _ queues: [QueueName]) { membership.gone(node, queues) }

    package func told(_ claim: MembershipTable.Claim) { membership.told(claim) }

    package func answered(_ node: NodeID) { membership.answered(node) }

    package func asked(by queue: QueueName?) { announcer.asked(by: queue) }

    package func heardItself() { membership.heardItself() }

    package func announcementsRestored() { membership.announcementsRestored() }
}

extension NodeCore {
    fileprivate func answer(_ request: RPCRequest, with reply: RPCReply, from server: RPCServer?) {
        guard let queue = request.replyTo, let id = request.correlationID else { return }
        transport.send(.reply(reply, to: id, from: server?.responder), to: queue)
    }
}

extension QueueName {
    /// What a request comes on that was sent to all nodes.
    package static let everybodys: QueueName = ""
}
