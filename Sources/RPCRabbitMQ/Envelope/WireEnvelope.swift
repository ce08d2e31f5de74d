import MqantRPC
import NIOCore

/// An envelope as it stands on the wire: as one AMQP message, or as one of many in a batch (docs/wire.md).
///
/// A pure value between the node's `Envelope` and bytes.
struct WireEnvelope: Sendable, Equatable {
    /// What the body holds.
    enum Content: UInt8, Sendable {
        case json = 0
        case bytes = 1
    }

    struct Header: Sendable, Equatable {
        var name: String
        var value: String
    }

    /// AMQP `type`: a function's name in a request, else `reply` or `error`.
    var type: String
    var content: Content
    var correlationID: String?
    var replyTo: String?
    /// Milliseconds that the caller still waits.
    var timeout: UInt32?
    /// AMQP `app_id`: who sent it, for people.
    var appID: String?
    var headers: [Header] = []
    var body: ByteBuffer

    init(type: String, content: Content, body: ByteBuffer) {
        self.type = type
        self.content = content
        self.body = body
    }

    /// The types of replies.
    static let reply = "reply"
    static let error = "error"

    func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }

    var payload: Payload {
        switch content {
        case .json: .json(body)
        case .bytes: .bytes(body)
        }
    }

    /// What it weighs in a bounded queue and in a batch, in bytes; the body's share is exact.
    var weight: Int {
        headers.reduce(body.readableBytes + type.utf8.count + 96) { $0 + $1.name.utf8.count + $1.value.utf8.count + 6 }
    }
}

extension WireEnvelope.Content {
    init(_ payload: Payload) {
        switch payload {
        case .json: self = .json
        case .bytes: self = .bytes
        }
    }
}
