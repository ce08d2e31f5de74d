import NIOCore
import RPC

/// What waits to be written.
struct OutboxEntry: Sendable {
    typealias Confirmation = @Sendable (Result<PublishOutcome, RPCError>) -> Void

    enum Content: Sendable {
        case request(RPCRequest)
        case reply(RPCReply, to: CorrelationID, from: InstanceID?)
        /// When it was asked for.
        case probe(at: NIODeadline)
        case push(RPCRequest, Confirmation?)
        case question
        /// An encoded `WireGone`.
        case gone(ByteBuffer)
    }

    /// A queue, or a group for a push.
    var target: QueueName
    var content: Content
    /// Bytes that it takes of the bound.
    var weight: Int

    init(_ content: Content, to target: QueueName) {
        self.target = target
        self.content = content
        switch content {
        case .request(let request), .push(let request, _): weight = 256 + request.payload.buffer.readableBytes
        case .reply(.success(let payload), _, _): weight = 128 + payload.buffer.readableBytes
        case .reply(.failure(let error), _, _): weight = 128 + error.message.utf8.count
        case .probe, .question: weight = 64
        case .gone(let body): weight = 64 + body.readableBytes
        }
    }

    /// The call that a request belongs to.
    var call: CorrelationID? {
        if case .request(let request) = content { request.correlationID } else { nil }
    }

    /// When nobody wants it written any more.
    var deadline: NIODeadline? {
        switch content {
        case .request(let request), .push(let request, _): request.deadline
        case .reply, .probe, .question, .gone: nil
        }
    }
}
