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
    case reply(RPCReply, to: CorrelationID, from: Responder?)
}

/// The instance that answers a call.
package struct Responder: Sendable, Hashable {
    package var instance: InstanceID
    /// How busy it is; nil: it does not say, for it is the only one of its type.
    package var load: InstanceLoad?

    package init(_ instance: InstanceID, load: InstanceLoad? = nil) {
        self.instance = instance
        self.load = load
    }
}
