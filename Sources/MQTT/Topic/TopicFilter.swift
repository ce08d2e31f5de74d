package import NIOCore

/// What a client subscribes to: 1 to 65535 bytes of UTF-8 without U+0000, in which `+` and `#` stand alone in a level and
/// `#` only in the last one (MQTT 3.1.1 §4.7.1).
///
/// Filters are checked and answered, never matched: this gateway pushes to topics of its own choice, whether the client
/// subscribed to them or not.
package struct TopicFilter: Sendable, Hashable {
    /// The UTF-8 bytes, all readable.
    package let bytes: ByteBuffer

    /// Takes the readable bytes of `bytes` as a topic filter.
    /// - Throws: `emptyTopic`, `topicTooLong`, `illFormedUTF8`, `nulCharacter` or `invalidFilter`.
    package init(_ bytes: ByteBuffer) throws(MQTTError) {
        guard bytes.readableBytes > 0 else { throw MQTTError(.emptyTopic) }
        guard bytes.readableBytes <= UInt16.max else { throw MQTTError(.topicTooLong) }
        let scan = TextScan(bytes)
        try scan.requireText()
        if case .wildcard = scan, !Self.wildcardsStandAlone(bytes) { throw MQTTError(.invalidFilter) }
        self.bytes = bytes
    }

    /// Takes the UTF-8 form of `string` as a topic filter.
    /// - Throws: as ``init(_:)-(ByteBuffer)``, `illFormedUTF8` aside.
    package init(_ string: String) throws(MQTTError) {
        try self.init(ByteBuffer(string: string))
    }

    /// The filter as text, in a new `String`.
    package var string: String { String(buffer: bytes) }

    private static func wildcardsStandAlone(_ bytes: ByteBuffer) -> Bool {
        let slash = UInt8(ascii: "/")
        var previous = slash
        var mustEndLevel = false
        var mustEndFilter = false
        for byte in bytes.readableBytesView {
            if mustEndFilter || (mustEndLevel && byte != slash) { return false }
            mustEndLevel = false
            if byte == UInt8(ascii: "+") || byte == UInt8(ascii: "#") {
                guard previous == slash else { return false }
                mustEndLevel = byte == UInt8(ascii: "+")
                mustEndFilter = byte == UInt8(ascii: "#")
            }
            previous = byte
        }
        return true
    }
}

extension TopicFilter: CustomStringConvertible {
    package var description: String { string }
}
