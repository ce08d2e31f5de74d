import FoundationEssentials
public import Mqant
import NIOCore
import NIOFoundationEssentialsCompat

extension Chat {
    /// Keyed by room: a room's messages pass through one instance, so every member sees one order.
    public static func route(_ request: RPCRequest) -> Endpoint {
        guard case .json(let arguments) = request.payload,
            let named = try? JSONDecoder().decode([RoomRequest].self, from: arguments).first,
            let room = named.roomName
        else { return .any(type) }
        return .keyed(type, key: room)
    }
}
