import NIOCore

/// A push on its way from the group's owner to a Gate (docs/wire.md#groups).
struct GroupDelivery: Sendable {
    static let function = "$deliver"

    var push: GroupPush
    var owner: IncarnationID
    /// Which of the owner's pushes it is.
    var number: UInt64

    /// Reads one; nil if it is none.
    init?(_ request: RPCRequest) {
        guard let push = GroupPush(request), let owner = IncarnationID(ownerIn: request.headers),
            let number = request.headers["number"].flatMap({ UInt64($0) })
        else { return nil }
        self.init(push, from: owner, number: number)
    }

    init(_ push: GroupPush, from owner: IncarnationID, number: UInt64) {
        self.push = push
        self.owner = owner
        self.number = number
    }

    var request: RPCRequest {
        var request = push.request
        request.function = Self.function
        owner.write(to: &request.headers)
        request.headers["number"] = String(number)
        return request
    }
}
