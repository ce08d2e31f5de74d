import MqantRPC
import NIOCore

/// What waits to be written.
struct OutboxEntry: Sendable {
    typealias Confirmation = @Sendable (DeliveryOutcome) -> Void

    enum Content: Sendable {
        case request(RPCRequest)
        case reply(RPCReply, to: CorrelationID, from: Responder?)
        /// When it was asked for; whether the node that gets it shall answer.
        case probe(at: NIODeadline, wantsAnswer: Bool)
        /// Answers a probe.
        case answer
        /// Tells one node who this one is.
        case introduction(Announcement)
        /// A request to a queue whose outcome is told. `until` bounds the time that it waits to be written.
        case confirmed(RPCRequest, until: NIODeadline, Confirmation)
        /// Asks everybody who is there.
        case question
        /// An encoded `WireGone`.
        case gone(ByteBuffer)
        /// An encoded `WireClaim`.
        case unreachable(ByteBuffer)
    }

    /// A queue; empty where everybody is told.
    var target: QueueName
    var content: Content
    /// Bytes that it takes of the bound.
    var weight: Int
    /// The connection that a confirmed request belongs to: it is never written on another. The outbox sets it.
    var connection: Int?

    init(_ content: Content, to target: QueueName) {
        self.target = target
        self.content = content
        switch content {
        case .request(let request), .confirmed(let request, _, _):
            // A session is shared by all requests that were made on its behalf.
            weight = request.headers.reduce(256 + request.payload.buffer.readableBytes) {
                $0 + $1.key.utf8.count + $1.value.utf8.count
            }
        case .reply(.success(let payload), _, _): weight = 128 + payload.buffer.readableBytes
        case .reply(.failure(let error), _, _): weight = 128 + error.message.utf8.count
        case .probe, .answer, .question: weight = 64
        case .introduction(let announcement): weight = 128 + 256 * announcement.instances.count
        case .gone(let body), .unreachable(let body): weight = 64 + body.readableBytes
        }
    }

    /// Bytes of its body as a message of its own, at most.
    var bodySize: Int {
        switch content {
        case .request(let request), .confirmed(let request, _, _):
            request.payload.buffer.readableBytes
        case .reply(.success(let payload), _, _): payload.buffer.readableBytes
        // As a JSON string: an escaped character has six bytes.
        case .reply(.failure(let error), _, _): 6 * error.message.utf8.count + 2
        case .probe, .answer, .introduction, .question: 0
        case .gone(let body), .unreachable(let body): body.readableBytes
        }
    }

    /// The call that a request belongs to.
    var call: CorrelationID? {
        if case .request(let request) = content { request.correlationID } else { nil }
    }

    /// On whose behalf it is a request without a reply; nil for anything else.
    var castingSession: SessionID? {
        guard case .request(let request) = content, request.correlationID == nil else { return nil }
        return request.sessionBox?.state.id
    }

    /// Whether it is a request whose outcome is told.
    var isConfirmed: Bool {
        if case .confirmed = content { true } else { false }
    }

    /// What the sender of a confirmed request is told by.
    var confirmation: Confirmation? {
        if case .confirmed(_, _, let confirmation) = content { confirmation } else { nil }
    }

    /// Tells the sender of a confirmed request what became of it.
    func confirm(_ outcome: DeliveryOutcome) { confirmation?(outcome) }

    /// When nobody wants it written any more.
    var deadline: NIODeadline? {
        switch content {
        case .request(let request): request.deadline
        case .confirmed(_, let until, _): until
        case .reply, .probe, .answer, .introduction, .question, .gone, .unreachable: nil
        }
    }
}
