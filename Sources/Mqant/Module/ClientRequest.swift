package import MqantRPC

/// What a client asks, as `Module.route` sees it: the function, and the payload, which is scanned for single keys and not
/// decoded.
public struct ClientRequest: Sendable {
    private let request: RPCRequest

    package init(_ request: RPCRequest) { self.request = request }

    /// The function, such as `Handler_Say`.
    public var function: String { request.function }

    /// The user of the session; empty for a guest.
    public var userID: String { request.sessionBox?.state.userID ?? "" }

    /// The text under a key of the payload, which is an object; nil if there is none, or something else.
    ///
    /// Of a key that stands twice, the first counts, as it does where the payload is decoded.
    public func string(_ key: String) -> String? {
        guard case .json(let arguments) = request.payload else { return nil }
        return JSONField.string(key, ofFirstElementIn: arguments)
    }

    /// The whole number under a key of the payload; nil if there is none, or something else.
    public func int(_ key: String) -> Int? {
        guard case .json(let arguments) = request.payload else { return nil }
        return JSONField.int(key, ofFirstElementIn: arguments)
    }
}
