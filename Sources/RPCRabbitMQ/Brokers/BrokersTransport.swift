package import MqantRPC
import NIOCore
import Synchronization

/// The transport of a node whose module types are at different brokers, or behind different exchanges (`Rabbitmq` of a
/// module overrides the default, docs/architecture.md#configuration): one connection for each. A caller uses the
/// callee's.
///
/// To the node, a process that it meets at two brokers is two nodes.
package final class BrokersTransport: Transport {
    private let node: NodeID
    private let transports: [any Transport]
    private let brokerOfInstance: @Sendable (InstanceID) -> Int
    private let troubled = Mutex<Set<BrokerIndex>>([])
    private let echoes: Mutex<EchoRound>

    /// - Parameters:
    ///   - node: this node.
    ///   - transports: one for each broker, at least one.
    ///   - brokerOfInstance: the index of the broker at which an instance of this node is.
    package init(node: NodeID, _ transports: [any Transport], brokerOfInstance: @escaping @Sendable (InstanceID) -> Int)
    {
        self.node = node
        self.transports = transports
        echoes = Mutex(EchoRound(of: transports.count))
        self.brokerOfInstance = brokerOfInstance
    }

    /// A mark only: each transport puts its own in.
    package var replyQueue: QueueName { transports.first?.replyQueue ?? "replies" }

    /// A request may go to any broker.
    package var maximumSessionSize: Int? { transports.compactMap(\.maximumSessionSize).min() }

    package func broker(of instance: InstanceID) -> String? {
        transport(BrokerIndex(number: brokerOfInstance(instance)))?.broker(of: instance)
    }

    package func start(_ receiver: any TransportReceiver) async throws(RPCError) {
        for (number, transport) in transports.enumerated() {
            let broker = BrokerIndex(number: number)
            try await transport.start(
                BrokerReceiver(
                    broker: broker, node: node, receiver: receiver,
                    isImpeded: { [weak self] in self?.isImpeded(broker, $0) ?? false },
                    isEchoComplete: { [weak self] in self?.echoes.withLock { $0.heard(broker) } ?? false }))
        }
    }

    package func run() async {
        await withDiscardingTaskGroup { group in
            for transport in transports { group.addTask { await transport.run() } }
        }
    }

    package func openQueue(for instance: InstanceID) async throws(RPCError) -> QueueName {
        let broker = BrokerIndex(number: brokerOfInstance(instance))
        guard let transport = transport(broker) else {
            throw RPCError(.notFound, "no broker for \(instance)")
        }
        return broker.qualified(try await transport.openQueue(for: instance))
    }

    package func closeQueue(_ queue: QueueName) async {
        let (broker, name) = BrokerIndex.split(queue)
        await transport(broker)?.closeQueue(name)
    }

    package func send(_ envelope: Envelope, to queue: QueueName) {
        let (broker, name) = BrokerIndex.split(queue)
        transport(broker)?.send(envelope, to: name)
    }

    package func send(
        _ request: RPCRequest, to queue: QueueName, confirmation: @escaping @Sendable (DeliveryOutcome) -> Void
    ) {
        let (broker, name) = BrokerIndex.split(queue)
        guard let transport = transport(broker) else { return confirmation(.returned) }
        var request = request
        if request.function == SubscriptionRequest.function {
            // The name that its broker knows.
            let header = SubscriptionRequest.queueHeader
            request.headers[header] = request.headers[header].map { BrokerIndex.split(QueueName($0)).name.rawValue }
        }
        transport.send(request, to: name, confirmation: confirmation)
    }

    package func probe(_ queue: QueueName) {
        let (broker, name) = BrokerIndex.split(queue)
        transport(broker)?.probe(name)
    }

    package func probePeer(_ queue: QueueName) {
        let (broker, name) = BrokerIndex.split(queue)
        transport(broker)?.probePeer(name)
    }

    package func probeSelf() { for transport in transports { transport.probeSelf() } }

    package func takeBack(_ ids: Set<CorrelationID>) -> Set<CorrelationID> {
        transports.reduce(into: []) { $0.formUnion($1.takeBack(ids)) }
    }

    /// Each broker hears of the instances that are there.
    package func announce(_ announcement: Announcement) {
        for (number, transport) in transports.enumerated() {
            transport.announce(part(of: announcement, at: BrokerIndex(number: number)))
        }
    }

    private func part(of announcement: Announcement, at broker: BrokerIndex) -> Announcement {
        var part = announcement
        part.instances = announcement.instances.compactMap { instance in
            let (home, name) = BrokerIndex.split(instance.queue)
            guard home == broker else { return nil }
            var instance = instance
            instance.queue = name
            return instance
        }
        part.others = announcement.others.map { other in
            var other = self.part(of: other, at: broker)
            other.node = BrokerIndex.split(other.node).name
            other.replies = other.replies.map { BrokerIndex.split($0).name }
            return other
        }
        return part
    }

    package func introduce(_ announcement: Announcement, to queue: QueueName) {
        let (broker, name) = BrokerIndex.split(queue)
        transport(broker)?.introduce(part(of: announcement, at: broker), to: name)
    }

    package func ask() { for transport in transports { transport.ask() } }

    package func ask(_ queue: QueueName) {
        let (broker, name) = BrokerIndex.split(queue)
        transport(broker)?.ask(name)
    }

    package func report(_ proof: MembershipTable.Proof) {
        let (broker, name) = BrokerIndex.split(proof.node)
        let queues = proof.queues.map { BrokerIndex.split($0).name }
        transport(broker)?.report(MembershipTable.Proof(node: name, queues: queues))
    }

    package func report(_ claim: MembershipTable.Claim, to queue: QueueName?) {
        let (broker, name) = BrokerIndex.split(claim.node)
        transport(broker)?.report(
            MembershipTable.Claim(node: name, sequence: claim.sequence),
            to: queue.map { BrokerIndex.split($0).name })
    }

    package func setBatchReaders(_ queues: Set<QueueName>) {
        var parts: [BrokerIndex: Set<QueueName>] = [:]
        for queue in queues {
            let (broker, name) = BrokerIndex.split(queue)
            parts[broker, default: []].insert(name)
        }
        for (number, transport) in transports.enumerated() {
            transport.setBatchReaders(parts[BrokerIndex(number: number)] ?? [])
        }
    }

    package func shutdown() async {
        await withDiscardingTaskGroup { group in
            for transport in transports { group.addTask { await transport.shutdown() } }
        }
    }

    private func transport(_ broker: BrokerIndex) -> (any Transport)? {
        transports.indices.contains(broker.number) ? transports[broker.number] : nil
    }

    /// Takes note of whether a broker can be heard. True if another cannot.
    private func isImpeded(_ broker: BrokerIndex, _ isTroubled: Bool) -> Bool {
        troubled.withLock { troubled in
            if isTroubled { troubled.insert(broker) } else { troubled.remove(broker) }
            return troubled.contains { $0 != broker }
        }
    }
}
