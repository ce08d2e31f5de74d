import NIOCore
package import RPC
import Synchronization

/// The transport of a node whose module types are at different brokers, or behind different exchanges (`Rabbitmq` of a
/// module overrides the default, DESIGN §4): one connection for each. A caller uses the callee's.
///
/// To the node, a process that it meets at two brokers is two nodes.
package final class BrokersTransport: Transport {
    private let transports: [any Transport]
    private let brokerOfInstance: @Sendable (InstanceID) -> Int
    private let pushBroker: Int
    private let troubled = Mutex<Set<BrokerIndex>>([])

    /// - Parameters:
    ///   - transports: one for each broker, at least one.
    ///   - pushBroker: the index of the broker at which Gates are.
    ///   - brokerOfInstance: the index of the broker at which an instance of this node is.
    package init(
        _ transports: [any Transport], pushBroker: Int, brokerOfInstance: @escaping @Sendable (InstanceID) -> Int
    ) {
        self.transports = transports
        self.pushBroker = pushBroker
        self.brokerOfInstance = brokerOfInstance
    }

    /// A mark only: each transport puts its own in.
    package var replyQueue: QueueName { transports.first?.replyQueue ?? "replies" }

    package func start(_ receiver: any TransportReceiver) async throws(RPCError) {
        for (number, transport) in transports.enumerated() {
            let broker = BrokerIndex(number: number)
            try await transport.start(
                BrokerReceiver(broker: broker, receiver: receiver) { [weak self] in
                    self?.isImpeded(broker, $0) ?? false
                })
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

    package func openGroups(of queue: QueueName) async throws(RPCError) {
        let (broker, name) = BrokerIndex.split(queue)
        guard let transport = transport(broker) else { throw .noBroker }
        try await transport.openGroups(of: name)
    }

    package func send(_ envelope: Envelope, to queue: QueueName) {
        let (broker, name) = BrokerIndex.split(queue)
        transport(broker)?.send(envelope, to: name)
    }

    package func probe(_ queue: QueueName) {
        let (broker, name) = BrokerIndex.split(queue)
        transport(broker)?.probe(name)
    }

    package func takeBack(_ ids: Set<CorrelationID>) -> Set<CorrelationID> {
        transports.reduce(into: []) { $0.formUnion($1.takeBack(ids)) }
    }

    package func bind(
        _ queue: QueueName, to group: GroupName, completion: @escaping @Sendable (Result<Void, RPCError>) -> Void
    ) {
        let (broker, name) = BrokerIndex.split(queue)
        guard let transport = transport(broker) else { return completion(.failure(.noBroker)) }
        transport.bind(name, to: group, completion: completion)
    }

    package func unbind(
        _ queue: QueueName, from group: GroupName, completion: @escaping @Sendable (Result<Void, RPCError>) -> Void
    ) {
        let (broker, name) = BrokerIndex.split(queue)
        guard let transport = transport(broker) else { return completion(.failure(.noBroker)) }
        transport.unbind(name, from: group, completion: completion)
    }

    package func publish(
        _ request: RPCRequest, to group: GroupName,
        confirmation: (@Sendable (Result<PublishOutcome, RPCError>) -> Void)?
    ) {
        guard let transport = transport(BrokerIndex(number: pushBroker)) else {
            confirmation?(.failure(.noBroker))
            return
        }
        transport.publish(request, to: group, confirmation: confirmation)
    }

    /// Each broker hears of the instances that are there.
    package func announce(_ announcement: Announcement) {
        for (number, transport) in transports.enumerated() {
            var part = announcement
            part.instances = announcement.instances.compactMap { instance in
                let (broker, name) = BrokerIndex.split(instance.queue)
                guard broker.number == number else { return nil }
                var instance = instance
                instance.queue = name
                return instance
            }
            transport.announce(part)
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

extension RPCError {
    fileprivate static let noBroker = RPCError(.notFound, "no such broker", outcome: .notDelivered)
}
