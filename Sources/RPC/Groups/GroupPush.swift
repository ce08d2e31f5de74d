package import NIOCore

/// A message for every member of a group: what becomes one PUBLISH at each of them.
package struct GroupPush: Sendable, Hashable {
    /// The function name that marks a request as a push to a group; functions that modules register begin with no `$`.
    package static let function = "$push"

    package var group: GroupName
    /// The MQTT topic.
    package var topic: String
    /// The MQTT QoS, 0 to 2.
    package var qos: Int
    package var body: ByteBuffer
    /// A member that does not get it.
    package var except: SessionID?

    package init(group: GroupName, topic: String, qos: Int, body: ByteBuffer, except: SessionID? = nil) {
        self.group = group
        self.topic = topic
        self.qos = qos
        self.body = body
        self.except = except
    }

    /// Reads a push; nil if the request is not one, or has no group or topic.
    package init?(_ request: RPCRequest) {
        guard case .bytes(let body) = request.payload, let group = request.headers["group"],
            let topic = request.headers["topic"]
        else { return nil }
        guard let qos = Int(request.headers["qos"] ?? "0"), (0...2).contains(qos) else { return nil }
        self.init(
            group: GroupName(group), topic: topic, qos: qos, body: body,
            except: request.headers["except"].flatMap { SessionID($0) })
    }

    package var request: RPCRequest {
        var request = RPCRequest(function: Self.function, payload: .bytes(body))
        request.headers = ["group": group.rawValue, "topic": topic]
        if qos != 0 { request.headers["qos"] = String(qos) }
        if let except { request.headers["except"] = except.description }
        return request
    }

    /// A push of nothing, to learn whether anybody is there; Gates drop it.
    package static func probe(_ group: GroupName) -> GroupPush {
        GroupPush(group: group, topic: "", qos: 0, body: ByteBuffer())
    }

    /// True for a push that no client gets.
    package var isProbe: Bool { topic.isEmpty }

    static func isPush(_ request: RPCRequest) -> Bool { request.function == function }
}

/// What became of a push to a group.
package enum PushOutcome: Sendable, Hashable {
    /// Somebody is in the group.
    case routed
    /// Nobody is.
    case unroutable
}
