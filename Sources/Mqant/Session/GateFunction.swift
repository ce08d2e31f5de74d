package import MqantRPC
package import NIOCore

/// The functions that every Gate serves for the sessions that it holds, under mqant's names.
package enum GateFunction {
    package static let bind = "Bind"
    package static let unbind = "UnBind"
    package static let update = "Update"
    package static let push = "Push"
    package static let set = "Set"
    package static let remove = "Remove"
    package static let send = "Send"
    package static let close = "Close"
    package static let join = "Join"
    package static let leave = "Leave"
    package static let members = "Members"
    package static let report = "Report"

    /// `Send` takes bytes, and the rest of its arguments as headers.
    package static func send(to session: SessionID, topic: String, body: ByteBuffer, qos: Int) -> RPCRequest {
        var request = RPCRequest(function: send, payload: .bytes(body))
        request.headers = ["session-id": session.description, "topic": topic]
        if qos != 0 { request.headers["qos"] = String(qos) }
        return request
    }
}
