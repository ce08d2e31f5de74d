import NIOCore

/// Several envelopes for one queue in one AMQP message, `application/vnd.mqant.batch` (docs/wire.md).
///
/// Every envelope is: size (u32, of all that follows in it), content (u8: 0 JSON, 1 bytes), timeout (u32, milliseconds,
/// 0: none), then type, correlation id, reply_to and app_id (each u8 length and UTF-8; empty: absent), the number of
/// headers (u8), each of them a name (u8 length) and a value (u32 length), and the body: what is left of the size.
/// Numbers are big-endian.
enum Batch {
    /// A batch ends at so many envelopes, or at so many bytes (docs/wire.md#8-batches).
    static let maximumCount = 256
    static let maximumBytes = 64 * 1024

    /// Appends an envelope.
    /// - Parameter isAppIDCommon: the message's own `app_id` says it already.
    static func append(_ envelope: WireEnvelope, isAppIDCommon: Bool, to buffer: inout ByteBuffer) {
        let start = buffer.writerIndex
        buffer.writeInteger(UInt32(0))
        buffer.writeInteger(envelope.content.rawValue)
        buffer.writeInteger(envelope.timeout ?? 0)
        buffer.writeShort(envelope.type)
        buffer.writeShort(envelope.correlationID ?? "")
        buffer.writeShort(envelope.replyTo ?? "")
        buffer.writeShort(isAppIDCommon ? "" : envelope.appID ?? "")
        let headers = envelope.headers.prefix(255)
        buffer.writeInteger(UInt8(clamping: headers.count))
        for header in headers {
            buffer.writeShort(header.name)
            buffer.writeInteger(UInt32(clamping: header.value.utf8.count))
            buffer.writeString(header.value)
        }
        buffer.writeImmutableBuffer(envelope.body)
        buffer.setInteger(UInt32(clamping: buffer.writerIndex - start - 4), at: start)
    }

    /// Takes the next envelope off the front.
    /// - Parameter appID: the message's, for envelopes without one.
    /// - Returns: nil if what is left is not an envelope; `buffer` is then in no particular state.
    static func next(in buffer: inout ByteBuffer, appID: String?) -> WireEnvelope? {
        guard let size = buffer.readInteger(as: UInt32.self), var part = buffer.readSlice(length: Int(size)),
            let content = part.readInteger(as: UInt8.self).flatMap(WireEnvelope.Content.init),
            let timeout = part.readInteger(as: UInt32.self),
            let type = part.readShort(), let correlationID = part.readShort(), let replyTo = part.readShort(),
            let ownAppID = part.readShort(), let headerCount = part.readInteger(as: UInt8.self)
        else { return nil }
        var envelope = WireEnvelope(type: type, content: content, body: part)
        envelope.timeout = timeout == 0 ? nil : timeout
        envelope.correlationID = correlationID.isEmpty ? nil : correlationID
        envelope.replyTo = replyTo.isEmpty ? nil : replyTo
        envelope.appID = ownAppID.isEmpty ? appID : ownAppID
        for _ in 0..<headerCount {
            guard let name = part.readShort(), let length = part.readInteger(as: UInt32.self),
                let value = part.readSlice(length: Int(length))
            else { return nil }
            envelope.headers.append(WireEnvelope.Header(name: name, value: String(buffer: value)))
        }
        envelope.body = part.slice()
        return envelope
    }
}

extension ByteBuffer {
    /// Writes a text behind its length in one byte; a longer one is cut, which callers have ruled out.
    fileprivate mutating func writeShort(_ text: String) {
        let count = UInt8(clamping: text.utf8.count)
        writeInteger(count)
        if text.utf8.count == Int(count) { writeString(text) } else { writeBytes(text.utf8.prefix(Int(count))) }
    }

    fileprivate mutating func readShort() -> String? {
        readInteger(as: UInt8.self).flatMap { readString(length: Int($0)) }
    }
}
