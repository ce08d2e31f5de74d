/// How a WebSocket is opened (RFC 6455 §4.1).
enum WebSocketHandshake {
    /// - Parameter address: the server's, as `HOST:PORT`.
    static func request(to address: String) -> String {
        // The key only has to be 16 bytes; nothing here depends on its being another each time.
        """
        GET / HTTP/1.1\r
        Host: \(address)\r
        Upgrade: websocket\r
        Connection: Upgrade\r
        Sec-WebSocket-Key: bXFhbnRsb2FkLWlzLW1lIQ==\r
        Sec-WebSocket-Version: 13\r
        Sec-WebSocket-Protocol: mqtt\r
        \r

        """
    }

    /// - Returns: how long the answer is, with the blank line; nil while that has not come.
    static func length(ofAnswerIn bytes: UnsafeRawBufferPointer) throws(ConnectionFault) -> Int? {
        let end: [UInt8] = [13, 10, 13, 10]
        guard bytes.count >= end.count else { return nil }
        for index in 0...(bytes.count - end.count) where bytes[index] == 13 {
            guard bytes[index..<(index + end.count)].elementsEqual(end) else { continue }
            guard bytes.count > 12, bytes[0..<12].elementsEqual("HTTP/1.1 101".utf8) else { throw .refusedWebSocket }
            return index + end.count
        }
        guard bytes.count < 8192 else { throw .notWebSocket }
        return nil
    }
}
