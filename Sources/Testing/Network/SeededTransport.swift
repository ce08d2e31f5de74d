import MqantRPC
import Synchronization

/// One node's transport on a `SeededNetwork`.
///
/// What the node sends leaves it in order, as on one AMQP channel; what arrives waits in a line for each queue with
/// delays of its own. So order holds from one sender to one queue, and nowhere else.
final class SeededTransport: Transport {
    private let inner: InProcessTransport
    private let network: SeededNetwork
    private let sending: SeededLine
    private let confirmations: SeededLine
    private let arrivals: SeededArrivals

    init(node: NodeID, inner: InProcessTransport, network: SeededNetwork) {
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
        // What comes back is pushed again, behind others: an owner's queue is taken to stay.
        case .request(let request): kind = request.function == GroupPush.function ? .push : .request
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

    /// It is not lost silently: that is what confirmations are for.
    func send(
        _ request: RPCRequest, to queue: QueueName, confirmation: @escaping @Sendable (DeliveryOutcome) -> Void
    ) {
        sending.append(otherwise: { confirmation(.unknown) }) { [self] in
            inner.send(request, to: queue) { [confirmations] outcome in
                confirmations.append(otherwise: { confirmation(.unknown) }) { confirmation(outcome) }
            }
        }
    }

    func announce(_ announcement: Announcement) {
        sending.append { [inner] in inner.announce(announcement) }
    }

    func introduce(_ announcement: Announcement, to queue: QueueName) {
        sending.append { [inner] in inner.introduce(announcement, to: queue) }
    }

    func ask() { sending.append { [inner] in inner.ask() } }

    func shutdown() async {
        await sending.flush()
        await inner.shutdown()
        await cut()
    }

    /// Ends the node as SIGKILL ends a process: on the return nothing more goes in or out, but what is received at the moment.
    func kill() {
        sending.stop()
        confirmations.stop()
        arrivals.stop()
        inner.kill()
    }

    /// Ends all that goes in and out, what happens at the moment too.
    func cut() async {
        await sending.close()
        await confirmations.close()
        await arrivals.close()
    }
}
