package import NIOCore

/// The topic of a PUBLISH or a will: 1 to 65535 bytes of well-formed UTF-8 without U+0000 and without wildcards
/// (MQTT 3.1.1 §4.7).
///
/// Holds the bytes as they came, as a slice of the buffer that they came in; two names are equal when their bytes are
/// (§4.7.3: no normalisation). A name that is kept for long should be ``compacted()``, so that it does not pin that buffer.
package struct TopicName: Sendable, Hashable {
    /// The UTF-8 bytes, all readable.
    package let bytes: ByteBuffer

    /// Takes the readable bytes of `bytes` as a topic name.
    /// - Throws: `emptyTopic`, `topicTooLong`, `illFormedUTF8`, `nulCharacter` or `wildcardInTopic`.
    package init(_ bytes: ByteBuffer) throws(MQTTError) {
        guard bytes.readableBytes > 0 else { throw MQTTError(.emptyTopic) }
        guard bytes.readableBytes <= UInt16.max else { throw MQTTError(.topicTooLong) }
        let scan = TextScan(bytes)
        try scan.requireText()
        if case .wildcard = scan { throw MQTTError(.wildcardInTopic) }
        self.bytes = bytes
    }

    /// Takes the UTF-8 form of `string` as a topic name.
    /// - Throws: as ``init(_:)-(ByteBuffer)``, `illFormedUTF8` aside.
    package init(_ string: String) throws(MQTTError) {
        try self.init(ByteBuffer(string: string))
    }

    /// The name as text. Makes a new `String`: not for the hot path.
    package var string: String { String(buffer: bytes) }

    /// The same name in storage of its own.
    package func compacted() -> TopicName {
        TopicName(trusted: ByteBuffer(bytes: bytes.readableBytesView))
    }

    /// The same name, as a slice of a buffer that its bytes were written to.
    /// - Returns: nil if the buffer is too short.
    package func slice(of buffer: ByteBuffer, at index: Int) -> TopicName? {
        guard let slice = buffer.getSlice(at: index, length: bytes.readableBytes) else { return nil }
        assert(slice == bytes)
        return TopicName(trusted: slice)
    }

    private init(trusted bytes: ByteBuffer) {
        self.bytes = bytes
    }
}

extension TopicName: CustomStringConvertible {
    package var description: String { string }
}
