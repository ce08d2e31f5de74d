import FoundationEssentials
import MqantRPC
import NIOCore

extension WireEnvelope {
    /// Writes a request.
    /// - Parameters:
    ///   - replyQueue: where the reply goes, if the request wants one.
    ///   - now: what the milliseconds left are counted from.
    init(_ request: RPCRequest, replyQueue: QueueName, node: NodeID, now: NIODeadline) {
        self.init(type: request.function, content: Content(request.payload), body: request.payload.buffer)
        if let id = request.correlationID, request.replyTo != nil {
            correlationID = id.description
            replyTo = replyQueue.rawValue
        }
        appID = node.rawValue
        if let deadline = request.deadline { timeout = Self.milliseconds(from: now, to: deadline) }
        if let session = request.sessionBox?.text(SessionText.encode) {
            headers.append(Header(name: WireName.session, value: session))
        }
        for (name, value) in request.headers where !WireName.reserved.contains(name) {
            headers.append(Header(name: name, value: value))
        }
    }

    /// What AMQP's short strings and the batch's counts cannot carry; nil if all fits.
    static func obstacle(of request: RPCRequest, maximumBodySize: Int) -> RPCError? {
        if request.function.utf8.count > 255 {
            return RPCError(.functionNotFound, "a function's name has at most 255 bytes", outcome: .notDelivered)
        }
        if request.headers.count > 200 || request.headers.contains(where: { $0.key.utf8.count > 255 }) {
            return RPCError(.invalidArguments, "too many headers, or one's name is too long", outcome: .notDelivered)
        }
        var size = request.payload.buffer.readableBytes
        for header in request.headers { size += header.value.utf8.count }
        guard size > maximumBodySize else { return nil }
        return RPCError(.tooLarge, "\(request.function): \(size) bytes are over the bound of \(maximumBodySize)")
    }

    /// Reads a request; nil if it is none.
    /// - Parameter now: what its milliseconds are counted from.
    func request(now: NIODeadline, _ sessions: inout SessionText) -> RPCRequest? {
        guard !type.isEmpty else { return nil }
        var request = RPCRequest(function: type, payload: payload)
        if let timeout { request.deadline = now + .milliseconds(Int64(timeout)) }
        for header in headers {
            if header.name == WireName.session {
                // Who sends a session that cannot be read means something by it: not to be served as if without.
                guard let session = sessions.decode(header.value) else { return nil }
                request.sessionBox = session
            } else if !WireName.reserved.contains(header.name) {
                request.headers[header.name] = header.value
            }
        }
        if let replyTo, !replyTo.isEmpty {
            let address = ReplyAddress(queue: replyTo, correlationID: correlationID ?? "")
            request.correlationID = address.correlationID
            request.replyTo = address.name
        }
        return request
    }

    /// Rounded down, so that the callee never waits longer than the caller; at least 1, for 0 means something else.
    private static func milliseconds(from now: NIODeadline, to deadline: NIODeadline) -> UInt32 {
        let left = (deadline - now).nanoseconds / 1_000_000
        return UInt32(clamping: max(1, left))
    }
}
