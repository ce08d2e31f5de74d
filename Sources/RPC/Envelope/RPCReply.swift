/// What a handler's run comes to.
public typealias RPCReply = Result<Payload, RPCError>

/// What tells a reply's call among all that its caller has out.
package struct CorrelationID: Hashable, Sendable, CustomStringConvertible {
    package let rawValue: UInt64

    package init(rawValue: UInt64) { self.rawValue = rawValue }

    package init?(_ text: String) {
        guard let value = UInt64(text, radix: 16) else { return nil }
        rawValue = value
    }

    package var description: String { String(rawValue, radix: 16) }
}

/// One thing that a transport moves between queues.
package enum Envelope: Sendable {
    case request(RPCRequest)
    /// `from`: the instance that answers; nil if its queue belongs to none (any more).
    case reply(RPCReply, to: CorrelationID, from: InstanceID?)
}
