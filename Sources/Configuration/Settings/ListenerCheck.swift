/// How `mqantserver health` finds out whether what listens at an address works: what it sends there, and what must come back.
///
/// A connection alone proves nothing: the kernel takes it for a process that hangs.
public struct ListenerCheck: Sendable, Hashable {
    /// The bytes that are sent once the connection is open.
    public var request: [UInt8]

    /// The bytes with which the answer must begin; empty: anything will do, the end of the connection too.
    public var answer: [UInt8]

    /// Whether TLS is spoken there; nobody's certificate is checked.
    public var usesTLS: Bool

    /// Makes a check.
    public init(request: [UInt8], answer: [UInt8], usesTLS: Bool = false) {
        self.request = request
        self.answer = answer
        self.usesTLS = usesTLS
    }

    /// Sends an HTTP request, and takes any reaction: most protocols refuse it, if only by closing the connection.
    public static let reaction = get("/", answer: "")

    /// Asks for a path by HTTP/1.1, and wants it.
    public static func http(_ path: String) -> ListenerCheck { get(path, answer: "HTTP/1.1 200 ") }

    /// Opens a WebSocket with a subprotocol (RFC 6455 §4.1). The key is the RFC's example.
    public static func webSocket(subprotocol: String, usesTLS: Bool = false) -> ListenerCheck {
        get(
            "/", answer: "HTTP/1.1 101 ",
            headers: """
                Connection: Upgrade\r
                Upgrade: websocket\r
                Sec-WebSocket-Version: 13\r
                Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r
                Sec-WebSocket-Protocol: \(subprotocol)\r

                """, usesTLS: usesTLS)
    }

    private static func get(
        _ path: String, answer: String, headers: String = "Connection: close\r\n", usesTLS: Bool = false
    ) -> ListenerCheck {
        let text = "GET \(path) HTTP/1.1\r\nHost: localhost\r\nUser-Agent: mqantserver health\r\n\(headers)\r\n"
        return ListenerCheck(request: Array(text.utf8), answer: Array(answer.utf8), usesTLS: usesTLS)
    }
}
