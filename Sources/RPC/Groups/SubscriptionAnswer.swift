import FoundationEssentials
import NIOCore
import NIOFoundationEssentialsCompat

/// An owner's word to a Gate: that it has taken a message in, and what it has decided of users (docs/wire.md#groups).
struct SubscriptionAnswer: Sendable {
    static let function = "$subscribed"

    var owner: IncarnationID
    /// The message's number: it and all before it have been taken in.
    var number: UInt64
    var verdicts: [UserVerdict]

    init(from owner: IncarnationID, number: UInt64, verdicts: [UserVerdict] = []) {
        self.owner = owner
        self.number = number
        self.verdicts = verdicts
    }

    /// Reads one; nil if it is none.
    init?(_ request: RPCRequest) {
        guard let owner = IncarnationID(ownerIn: request.headers),
            let number = request.headers["number"].flatMap({ UInt64($0) })
        else { return nil }
        var verdicts: [UserVerdict] = []
        if case .json(let bytes) = request.payload {
            guard let arguments = try? JSONDecoder().decode([[UserVerdict]].self, from: bytes), arguments.count == 1
            else { return nil }
            verdicts = arguments[0]
        }
        self.init(from: owner, number: number, verdicts: verdicts)
    }

    var request: RPCRequest {
        var request = RPCRequest(function: Self.function, payload: payload)
        owner.write(to: &request.headers)
        request.headers["number"] = String(number)
        return request
    }

    private var payload: Payload {
        guard !verdicts.isEmpty else { return .bytes(ByteBuffer()) }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // It holds texts and numbers alone.
        let bytes = try? encoder.encodeAsByteBuffer([verdicts], allocator: ByteBufferAllocator())
        return .json(bytes ?? ByteBuffer(string: "[[]]"))
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
