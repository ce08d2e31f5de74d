public import Mqant

extension Chat {
    /// Keyed by room: a room's messages pass through one instance, so every member sees one order.
    public static func route(_ request: ClientRequest) -> Endpoint {
        request.string("roomName").map { .keyed(type, key: $0.nfc) } ?? .any(type)
    }
}
