package import Logging
package import MqantRPC

/// The transport of nodes that meet at a RabbitMQ broker (docs/wire.md).
///
/// What is sent waits in one bounded queue, from which the connection's thread writes; what arrives goes from that thread
/// straight to the node. When the connection is lost, the transport makes a new one by itself, under new queue names, and
/// tells the node. It has no state of its own: this type only puts together what does the work.
package final class RabbitMQTransport: Transport {
    package typealias Configuration = TransportConfiguration

    package let node: NodeID
    package let configuration: Configuration
    package let statistics = TransportStatistics()
    private let dispatcher: DeliveryDispatcher
    private let outbox: Outbox
    private let batchReaders = BatchReaders()
    private let present = PresentSession()
    private let sender: EnvelopeSender
    private let membership: MembershipSender
    private let prober: Prober
    private let instances: InstanceQueues
    private let supervisor: ConnectionSupervisor

    package init(node: NodeID, configuration: Configuration, logger: Logger) {
        self.node = node
        self.configuration = configuration
        let (ids, holders, echo) = (HeldIds(), IdHolders(), AnnouncementEcho())
        outbox = Outbox(maxCount: configuration.maxWaiting, maxBytes: configuration.maxWaitingBytes)
        dispatcher = DeliveryDispatcher(node: node, statistics: statistics, holders: holders, echo: echo)
        let environment = SessionEnvironment(
            node: node, configuration: configuration, outbox: outbox, batchReaders: batchReaders, echo: echo,
            losses: AnnouncementLosses(), dispatcher: dispatcher, statistics: statistics,
            rank: { ids.rank(of: $0) }, logger: logger)
        sender = EnvelopeSender(environment, present: present)
        membership = MembershipSender(outbox: outbox, sender: sender)
        prober = Prober(present: present, sender: sender)
        let survey = IdSurvey(holders: holders, echo: echo, membership: membership)
        instances = InstanceQueues(
            configuration: configuration, present: present, ids: ids,
            taker: IdTaker(survey: survey, configuration: configuration, logger: logger), logger: logger)
        supervisor = ConnectionSupervisor(
            environment, present: present, holders: holders, sender: sender, instances: instances,
            keeper: IdKeeper(node: node, ids: ids, survey: survey, dispatcher: dispatcher, logger: logger))
    }

    // MARK: Names and bounds

    /// A new one for each connection; while there is none, a name that no queue has.
    package var replyQueue: QueueName { present.session?.names.replies ?? "replies" }

    /// What fits a frame beside the other headers of a request. A session that is larger than the frames of a later
    /// connection take can shrink, and not grow.
    package var maximumSessionSize: Int? { present.headerSpace.map { $0 - WireName.headerReserve } }

    package func broker(of instance: InstanceID) -> String? { present.session?.address }

    // MARK: Life

    package func start(_ receiver: any TransportReceiver) async throws(RPCError) {
        dispatcher.start(receiver) { [prober] in prober.answer($0) }
        try await supervisor.start()
    }

    package func run() async { await supervisor.run() }

    package func shutdown() async { await supervisor.shutdown() }

    // MARK: Queues of instances

    package func openQueue(for instance: InstanceID) async throws(RPCError) -> QueueName {
        try await instances.open(for: instance)
    }

    package func closeQueue(_ queue: QueueName) async { await instances.close(queue) }

    // MARK: Sending

    package func send(_ envelope: Envelope, to queue: QueueName) { sender.send(envelope, to: queue) }

    package func send(
        _ request: RPCRequest, to queue: QueueName, confirmation: @escaping @Sendable (DeliveryOutcome) -> Void
    ) {
        sender.send(request, to: queue, confirmation: confirmation)
    }

    package func takeBack(_ ids: Set<CorrelationID>) -> Set<CorrelationID> { outbox.takeBack(ids) }

    package func setBatchReaders(_ queues: Set<QueueName>) { batchReaders.set(queues) }

    // MARK: Membership

    package func probe(_ queue: QueueName) { prober.probe(queue) }

    package func probePeer(_ queue: QueueName) { prober.probePeer(queue) }

    package func probeSelf() { prober.probeSelf() }

    package func announce(_ announcement: Announcement) { membership.announce(announcement) }

    package func introduce(_ announcement: Announcement, to queue: QueueName) {
        membership.introduce(announcement, to: queue)
    }

    package func ask() { membership.ask() }

    package func ask(_ queue: QueueName) { membership.ask(queue) }

    package func report(_ proof: MembershipTable.Proof) { membership.report(proof) }

    package func report(_ claim: MembershipTable.Claim, to queue: QueueName?) { membership.report(claim, to: queue) }

    // MARK: For people and tests

    /// Whether there is a connection.
    package var isConnected: Bool { present.session != nil }

    /// Whether what is sent waits because the broker blocks publishers.
    package var isStalled: Bool { present.session?.isStalled ?? false }

    /// All queues of this node on the present connection.
    package var queueNames: [QueueName] {
        guard let names = present.session?.names else { return [] }
        return [names.replies, names.announcements] + instances.names
    }

    /// Ends as SIGKILL ends a process: nothing more is written, and no goodbye said.
    package func abort() async { await supervisor.abort() }

    /// Loses the connection, as a cut link does; the transport makes another.
    package func cut() { supervisor.cut() }
}
