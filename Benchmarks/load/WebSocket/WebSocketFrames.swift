/// The frames of a WebSocket (RFC 6455 §5.2), as a client has them.
enum WebSocketFrames {
    /// The header of a binary frame of ours.
    ///
    /// A client's frames are masked. The mask is zero: the server's work is the same, and ours is saved.
    static func header(payloadSize size: Int) -> [UInt8] {
        var header: [UInt8] = [0x82]
        if size < 126 {
            header.append(0x80 | UInt8(size))
        } else if size <= 0xffff {
            header += [0x80 | 126, UInt8(size >> 8), UInt8(size & 0xff)]
        } else {
            header.append(0x80 | 127)
            for shift in stride(from: 56, through: 0, by: -8) { header.append(UInt8(size >> shift & 0xff)) }
        }
        return header + [0, 0, 0, 0]
    }

    /// What `unwrap` found.
    struct Unwrapped: Equatable {
        /// Bytes of MQTT, now at the front.
        var payload = 0
        /// Bytes that were looked at; what is behind them is no whole frame yet.
        var consumed = 0
        /// A ping came: it wants a pong.
        var wantsPong = false
        var isClosed = false
    }

    /// Moves the payloads of all whole frames to the front of `bytes`, one behind the other.
    static func unwrap(_ bytes: UnsafeMutableRawBufferPointer) throws(ConnectionFault) -> Unwrapped {
        var found = Unwrapped()
        while bytes.count - found.consumed >= 2 {
            let start = found.consumed
            let opcode = bytes[start] & 15
            guard bytes[start + 1] & 0x80 == 0 else { throw .notWebSocket }
            var size = Int(bytes[start + 1])
            var body = start + 2
            if size >= 126 {
                let digits = size == 126 ? 2 : 8
                guard bytes.count >= body + digits else { break }
                size = 0
                for offset in 0..<digits {
                    guard size <= PacketScanner.longestPacket else { throw .packetTooLong }
                    size = size << 8 | Int(bytes[body + offset])
                }
                body += digits
            }
            guard size <= PacketScanner.longestPacket else { throw .packetTooLong }
            guard bytes.count >= body + size else { break }
            switch opcode {
            case 0, 2:
                if size > 0, let base = bytes.baseAddress {
                    (base + found.payload).copyMemory(from: base + body, byteCount: size)
                }
                found.payload += size
            case 8: found.isClosed = true
            case 9: found.wantsPong = true
            case 10: break
            default: throw .notWebSocket
            }
            found.consumed = body + size
        }
        return found
    }
}
