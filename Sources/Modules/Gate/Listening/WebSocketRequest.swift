import NIOHTTP1

/// The HTTP request that opens a WebSocket, and what a server answers to it (RFC 6455 §4.2.1, §4.2.2).
enum WebSocketRequest {
    /// The answer.
    enum Verdict: Equatable {
        /// The WebSocket opens; the subprotocol is one of those that the client offered.
        case accepted(subprotocol: String?)
        /// It does not. Headers are those that the status wants; the text is for a person.
        case refused(HTTPResponseStatus, String, headers: HTTPHeaders = [:])
    }

    /// In the order in which they are preferred (MQTT 3.1.1 §6, and what clients of 3.1 ask for).
    private static let subprotocols = ["mqtt", "mqttv3.1"]

    static func verdict(on head: HTTPRequestHead) -> Verdict {
        let headers = head.headers
        guard head.method == .GET else {
            return .refused(.methodNotAllowed, "This port takes GET requests only.", headers: ["Allow": "GET"])
        }
        guard head.version == .http1_1 else { return .refused(.badRequest, "A WebSocket needs HTTP/1.1.") }
        guard headers["host"].count == 1 else { return .refused(.badRequest, "A request has one Host.") }
        guard headers[canonicalForm: "upgrade"].contains(where: { $0.lowercased() == "websocket" }),
            headers[canonicalForm: "connection"].contains(where: { $0.lowercased() == "upgrade" }),
            headers["sec-websocket-version"] == ["13"]
        else {
            // RFC 9110 §15.5.22 wants Upgrade, RFC 6455 §4.2.2 the version.
            return .refused(
                .upgradeRequired, "This port speaks MQTT over WebSocket (subprotocol mqtt).",
                headers: ["Upgrade": "websocket", "Sec-WebSocket-Version": "13"])
        }
        guard headers["sec-websocket-key"].count == 1, headers["sec-websocket-key"].allSatisfy(isKey) else {
            return .refused(.badRequest, "Sec-WebSocket-Key is one value of 16 bytes in base64.")
        }
        guard !headers.contains(name: "transfer-encoding"), headers["content-length"].allSatisfy({ $0 == "0" }) else {
            return .refused(.badRequest, "The request of a WebSocket has no body.")
        }
        let offered = headers[canonicalForm: "sec-websocket-protocol"].map(String.init)
        guard !offered.isEmpty else { return .accepted(subprotocol: nil) }
        for known in subprotocols {
            // As the client spells it: it compares the answer with its offer.
            if let chosen = offered.first(where: { $0.lowercased() == known }) { return .accepted(subprotocol: chosen) }
        }
        return .refused(.badRequest, "This port knows the subprotocols mqtt and mqttv3.1.")
    }

    /// Whether a text is 16 bytes in base64: 22 characters of its alphabet, and two for padding.
    private static func isKey(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        return bytes.count == 24 && bytes.suffix(2) == [UInt8(ascii: "="), UInt8(ascii: "=")]
            && bytes.dropLast(2).allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "/"):
                    true
                default: false
                }
            }
    }
}
