import NIOCore

/// An owner's word to a Gate that it has taken a message in (docs/wire.md#groups).
struct SubscriptionAnswer: Sendable {
    static let function = "$subscribed"

    var owner: IncarnationID
    /// The message's number: it and all before it have been taken in.
    var number: UInt64

    init(from owner: IncarnationID, number: UInt64) {
        self.owner = owner
        self.number = number
    }

    /// Reads one; nil if it is none.
    init?(_ request: RPCRequest) {
        guard let owner = IncarnationID(ownerIn: request.headers),
            let number = request.headers["number"].flatMap({ UInt64($0) })
        else { return nil }
        self.init(from: owner, number: number)
    }

    var request: RPCRequest {
        var request = RPCRequest(function: Self.function, payload: .bytes(ByteBuffer()))
        owner.write(to: &request.headers)
        request.headers["number"] = String(number)
        return request
    }
}

extension IncarnationID {
    /// Reads the owner that a message is from; nil if it names none.
    init?(ownerIn headers: [String: String]) {
        guard let owner = headers["owner"], let node = headers["owner-node"] else { return nil }
        let life = headers["owner-life"].flatMap { UInt64($0) } ?? 0
        self.init(InstanceID(owner), on: NodeID(node), life: life)
    }

    /// Names this incarnation as the owner that a message is from.
    func write(to headers: inout [String: String]) {
        headers["owner"] = instance.rawValue
        headers["owner-node"] = node.rawValue
        if life != 0 { headers["owner-life"] = String(life) }
    }
}
