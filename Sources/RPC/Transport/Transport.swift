package import NIOCore

/// How envelopes travel between queues: within a process, or over RabbitMQ.
///
/// Nothing here waits: an envelope is taken at once, and what became of it is told to the receiver. Envelopes that one
/// node sends to one queue arrive in the order in which they were sent, as do those that it sends there with a confirmation.
package protocol Transport: Sendable {
    /// Where replies to this node go.
    var replyQueue: QueueName { get }

    /// Bytes of a session's form on the wire (`SessionState.wireSize`) that a request can carry; nil: any number.
    var maximumSessionSize: Int? { get }

    /// Where the broker is that an instance of this node is at, for people: `10.0.0.1:5672`. nil: there is none.
    func broker(of instance: InstanceID) -> String?

    /// Connects. From now on `receiver` gets what arrives and what happens.
    func start(_ receiver: any TransportReceiver) async throws(RPCError)

    /// Does what goes on between `start` and `shutdown`, such as to connect again after a loss. It may be called before
    /// `start`. Returns after `shutdown`, or when the task is cancelled: then the present connection stays until `shutdown`,
    /// and no other one follows.
    func run() async

    /// Opens a queue of an incarnation: from its return on, what is sent to it arrives at the receiver.
    func openQueue(for instance: InstanceID) async throws(RPCError) -> QueueName

    /// Closes a queue once everything that was sent to it has been received; what comes later is returned.
    func closeQueue(_ queue: QueueName) async

    /// Sends to a queue. If no such queue exists the envelope comes back by `returned`; one that was never written comes
    /// back by `refused`. A request with a `replyTo` asks for a reply, on whatever `replyQueue` is when it is written.
    func send(_ envelope: Envelope, to queue: QueueName)

    /// Sends a request without a reply to a queue, and tells what became of it, on any thread. In the order of all that is sent
    /// there with a confirmation. It never comes back by `returned`, nor does it wait for a connection to come.
    func send(
        _ request: RPCRequest, to queue: QueueName, confirmation: @escaping @Sendable (DeliveryOutcome) -> Void)

    /// Asks whether a queue still exists, after all that was sent to it before. If it does not: `vanished`.
    func probe(_ queue: QueueName)

    /// The same of another node's queue, and whether that node answers: `answered`.
    func probePeer(_ queue: QueueName)

    /// Asks whether this node can be heard, and hears itself: `heardItself`.
    func probeSelf()

    /// Takes requests back that wait to be written, for their callers wait no more.
    /// - Returns: those that were not written, and now never will be.
    func takeBack(_ ids: Set<CorrelationID>) -> Set<CorrelationID>

    /// Tells every other node.
    func announce(_ announcement: Announcement)

    /// Tells the one node that has a queue.
    func introduce(_ announcement: Announcement, to queue: QueueName)

    /// Has every other node introduce itself to this one.
    func ask()

    /// Has the node that has a queue announce itself to all.
    func ask(_ queue: QueueName)

    /// Tells every other node that queues are gone.
    func report(_ proof: MembershipTable.Proof)

    /// Tells every other node, or the one that has a queue, that a node does not answer.
    func report(_ claim: MembershipTable.Claim, to queue: QueueName?)

    /// Says which queues of other nodes take batches: all of them.
    func setBatchReaders(_ queues: Set<QueueName>)

    /// Disconnects, and has `run` return; nothing arrives after its return.
    func shutdown() async
}

/// What became of a confirmed send to a queue.
package enum DeliveryOutcome: Sendable {
    /// It is in the queue.
    case delivered
    /// There is no such queue, nor will there be one.
    case returned
    /// Nobody knows: the connection broke, the queue's broker does not answer, or does not take it.
    case unknown
    /// It was not sent, for it is too large, or too much waits.
    case refused(RPCError)
}

/// What a transport tells its node. Called on any thread, one call at a time for each queue; must not block.
package protocol TransportReceiver: AnyObject, Sendable {
    /// An envelope that arrived on one of the node's queues.
    func received(_ envelope: Envelope, on queue: QueueName)
    /// An envelope that this node sent to a queue that is gone.
    func returned(_ envelope: Envelope, from queue: QueueName)
    /// What another node announced.
    func received(_ announcement: Announcement)
    /// A request of this node that was never written: a bound was exceeded, or its deadline passed.
    func refused(_ request: RPCRequest, _ error: RPCError)
    /// A probed queue is gone: whatever was sent to it before the probe and has not come back is in nobody's hands, or
    /// was.
    func vanished(_ queue: QueueName, probedAt: NIODeadline)
    /// Another node has proof that queues of a node are gone: what is sent there comes back. Of calls that it has it tells
    /// nothing: replies of its last moment may still be on their way.
    func gone(_ node: NodeID, _ queues: [QueueName])
    /// Another node says that a node, maybe this one, does not answer.
    func told(_ claim: MembershipTable.Claim)
    /// A node answered a probe.
    func answered(_ node: NodeID)
    /// Somebody asks who is there; the answer goes to a queue, or to all.
    func asked(by queue: QueueName?)
    /// This node's probe of itself came back: what others send arrives too.
    func heardItself()
    /// What others told was missed for a while, perhaps by others too.
    func announcementsRestored()
    /// A node speaks another version of the protocol.
    func refused(_ node: NodeID, host: String, version: Int)
    /// The way to the other nodes opened, is stopped or broke.
    func connectionChanged(_ change: ConnectionChange)
}

/// What happened to a transport's way to the other nodes.
package enum ConnectionChange: Sendable {
    /// It is open again, with new queues: this node's old names, each with the new one. Silence before says nothing.
    case opened(renamed: [QueueName: QueueName])
    /// It broke. Requests sent before may have arrived or not, those still `unwritten` aside, which wait.
    /// `isAffected`: whether this was the way to a queue; a node may have several brokers.
    case broke(unwritten: Set<CorrelationID>, isAffected: @Sendable (QueueName) -> Bool)
    /// What is sent waits (`true`), or goes on (`false`): the broker blocks publishers. Deliveries go on.
    case stalled(Bool)
    /// Another process has the Id of an instance of this node, which is on standby (`true`), or this node has it again.
    case standby(InstanceID, Bool)
}

/// A transport within a process has none of these: nothing waits to be written and no connection breaks.
extension Transport {
    package func run() async {}
    package var maximumSessionSize: Int? { nil }
    package func broker(of instance: InstanceID) -> String? { nil }
    package func probe(_ queue: QueueName) {}
    package func probePeer(_ queue: QueueName) {}
    package func probeSelf() {}
    package func ask(_ queue: QueueName) {}
    package func report(_ proof: MembershipTable.Proof) {}
    package func report(_ claim: MembershipTable.Claim, to queue: QueueName?) {}
    package func setBatchReaders(_ queues: Set<QueueName>) {}
    package func takeBack(_ ids: Set<CorrelationID>) -> Set<CorrelationID> { [] }
}
