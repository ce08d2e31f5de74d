import RPC
import Synchronization

/// One node's transport on a `SeededNetwork`.
///
/// What the node sends leaves it in order, as on one AMQP channel; what arrives waits in a line for each queue with
/// delays of its own. So order holds from one sender to one queue, and nowhere else.
final class SeededTransport: Transport {
    private let node: NodeID
    private let inner: any Transport
    private let network: SeededNetwork
    private let sending: SeededLine
    private let confirmations: SeededLine
    private let arrivals: SeededArrivals

    init(node: NodeID, inner: any Transport, network: SeededNetwork) {
        self.node = node
        self.inner = inner
        self.network = network
        sending = network.line("\(node) sends", hasDelays: false)
        confirmations = network.line("\(node) is told")
        arrivals = SeededArrivals(node: node, network: network)
    }

    var replyQueue: QueueName { inner.replyQueue }

    func start(_ receiver: any TransportReceiver) async throws(RPCError) {
        arrivals.start(receiver)
        try await inner.start(arrivals)
    }

    func openQueue(for instance: InstanceID) async throws(RPCError) -> QueueName {
        try await inner.openQueue(for: instance)
    }

    func closeQueue(_ queue: QueueName) async {
        await inner.closeQueue(queue)
        await arrivals.flush(queue)
    }

    func send(_ envelope: Envelope, to queue: QueueName) {
        let kind: SeededNetwork.Fate.Kind
        switch envelope {
        case .request: kind = .request
        case .reply: kind = .reply
        }
        sending.append { [self] in
            switch sending.decide({ network.fate(of: kind, to: queue.rawValue, &$0) }) {
            case .arrives: inner.send(envelope, to: queue)
            case .comesBack: arrivals.returned(envelope, from: queue)
            case .isLost: break
            }
        }
    }

    func bind(_ queue: QueueName, to group: GroupName, completion: @escaping @Sendable (Result<Void, RPCError>) -> Void)
    {
        sending.append { [self] in
            inner.bind(queue, to: group) { result in self.confirmations.append { completion(result) } }
        }
    }

    func unbind(
        _ queue: QueueName, from group: GroupName, completion: @escaping @Sendable (Result<Void, RPCError>) -> Void
    ) {
        sending.append { [self] in
            inner.unbind(queue, from: group) { result in self.confirmations.append { completion(result) } }
        }
    }

    func publish(
        _ request: RPCRequest, to group: GroupName,
        confirmation: (@Sendable (Result<PublishOutcome, RPCError>) -> Void)?
    ) {
        sending.append { [self] in
            if let confirmation {
                // A confirmed publish is not lost silently: that is what confirms are for.
                inner.publish(request, to: group) { result in self.confirmations.append { confirmation(result) } }
            } else if case .arrives = sending.decide({ network.fate(of: .push, to: group.rawValue, &$0) }) {
                inner.publish(request, to: group, confirmation: nil)
            }
        }
    }

    func announce(_ announcement: Announcement) {
        sending.append { [inner] in inner.announce(announcement) }
    }

    func shutdown() async {
        await sending.flush()
        await inner.shutdown()
        await cut()
    }

    /// Ends all that goes in and out, at once.
    func cut() async {
        await sending.close()
        await confirmations.close()
        await arrivals.close()
    }
}
