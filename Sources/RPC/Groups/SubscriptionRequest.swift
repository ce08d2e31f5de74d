import FoundationEssentials
import NIOCore
import NIOFoundationEssentialsCompat

/// A Gate's message to an owner as it travels (docs/wire.md#groups).
package struct SubscriptionRequest: Sendable {
    package static let function = "$subscriptions"
    /// The header that names the Gate's queue.
    package static let queueHeader = "queue"

    private struct Body: Codable {
        var subscribe: [GroupName]?
        var unsubscribe: [GroupName]?
        var bind: [UserBinding]?
        var release: [UserRelease]?
        var view: OwnershipView?
        var received: UInt64?
    }

    /// Whose message it is, and where it is reached.
    let sender: IncarnationID
    let address: QueueAddress
    /// Counts the Gate's messages to owners of this type: what the owner answers when it has taken the message in.
    let number: UInt64
    private let body: Body

    init(_ message: SubscriptionMessage, number: UInt64, from sender: IncarnationID, at address: QueueAddress) {
        self.number = number
        self.sender = sender
        self.address = address
        var body = Body()
        switch message {
        case .subscribe(let groups): body.subscribe = groups
        case .unsubscribe(let groups): body.unsubscribe = groups
        case .bind(let bindings): body.bind = bindings
        case .release(let releases): body.release = releases
        case .view(let view, let number): (body.view, body.received) = (view, number)
        case .received(let number): body.received = number
        }
        self.body = body
    }

    /// Reads one; nil if it is none.
    init?(_ request: RPCRequest) {
        let headers = request.headers
        guard case .json(let bytes) = request.payload,
            let arguments = try? JSONDecoder().decode([Body].self, from: bytes), arguments.count == 1,
            let gate = headers["gate"], let node = headers["node"], let queue = headers[Self.queueHeader],
            let generation = headers["generation"].flatMap({ UInt64($0) }),
            let number = headers["number"].flatMap({ UInt64($0) })
        else { return nil }
        self.number = number
        body = arguments[0]
        let life = headers["life"].flatMap { UInt64($0) } ?? 0
        sender = IncarnationID(InstanceID(gate), on: NodeID(node), life: life)
        address = QueueAddress(QueueName(queue), generation: generation)
    }

    var request: RPCRequest? {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let bytes = try? encoder.encodeAsByteBuffer([body], allocator: ByteBufferAllocator()) else { return nil }
        var request = RPCRequest(function: Self.function, payload: .json(bytes))
        request.headers = [
            "gate": sender.instance.rawValue, "node": sender.node.rawValue, "life": String(sender.life),
            Self.queueHeader: address.queue.rawValue, "generation": String(address.generation),
            "number": String(number),
        ]
        return request
    }

    /// Whether the Gate awaits an answer: a member may wait for it.
    var isAnswered: Bool { messages.contains(where: \.isAnswered) }

    /// What it says, one after the other.
    var messages: [SubscriptionMessage] {
        var messages: [SubscriptionMessage] = []
        if let groups = body.subscribe { messages.append(.subscribe(groups)) }
        if let groups = body.unsubscribe { messages.append(.unsubscribe(groups)) }
        if let bindings = body.bind { messages.append(.bind(bindings)) }
        if let releases = body.release { messages.append(.release(releases)) }
        if let view = body.view {
            messages.append(.view(view, received: body.received ?? 0))
        } else if let number = body.received {
            messages.append(.received(number))
        }
        return messages
    }
}
