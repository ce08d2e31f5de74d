/// The members of one object that is being written.
struct StreamKeyedContainer<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let encoding: StreamEncoding
    let place: StreamEncoding.Place

    var codingPath: [any CodingKey] {
        _ = encoding.giveUp()
        return []
    }

    private func begin(_ key: Key) throws { try encoding.beginMember(place, key: key.stringValue) }

    func encodeNil(forKey key: Key) throws {
        try begin(key)
        encoding.writeNull()
    }

    func encode<Value: Encodable>(_ value: Value, forKey key: Key) throws {
        try begin(key)
        try encoding.encode(value)
    }
    func encode(_ value: Bool, forKey key: Key) throws {
        try begin(key)
        encoding.write(value)
    }
    func encode(_ value: String, forKey key: Key) throws {
        try begin(key)
        encoding.write(value)
    }
    func encode(_ value: Double, forKey key: Key) throws {
        try begin(key)
        try encoding.write(value)
    }
    func encode(_ value: Float, forKey key: Key) throws {
        try begin(key)
        try encoding.write(value)
    }
    private func encode(integer value: some BinaryInteger, _ key: Key) throws {
        try begin(key)
        encoding.write(value)
    }
    func encode(_ value: Int, forKey key: Key) throws { try encode(integer: value, key) }
    func encode(_ value: Int8, forKey key: Key) throws { try encode(integer: value, key) }
    func encode(_ value: Int16, forKey key: Key) throws { try encode(integer: value, key) }
    func encode(_ value: Int32, forKey key: Key) throws { try encode(integer: value, key) }
    func encode(_ value: Int64, forKey key: Key) throws { try encode(integer: value, key) }
    func encode(_ value: UInt, forKey key: Key) throws { try encode(integer: value, key) }
    func encode(_ value: UInt8, forKey key: Key) throws { try encode(integer: value, key) }
    func encode(_ value: UInt16, forKey key: Key) throws { try encode(integer: value, key) }
    func encode(_ value: UInt32, forKey key: Key) throws { try encode(integer: value, key) }
    func encode(_ value: UInt64, forKey key: Key) throws { try encode(integer: value, key) }

    private func nested(_ key: Key, asObject isObject: Bool) -> StreamEncoding.Place {
        do { try begin(key) } catch { return .nowhere }
        return encoding.begin(asObject: isObject)
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) -> KeyedEncodingContainer<Nested> {
        KeyedEncodingContainer(StreamKeyedContainer<Nested>(encoding: encoding, place: nested(key, asObject: true)))
    }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        StreamUnkeyedContainer(encoding: encoding, place: nested(key, asObject: false))
    }

    func superEncoder() -> any Encoder {
        _ = encoding.giveUp()
        return StreamEncoder(encoding: encoding, id: -1)
    }

    func superEncoder(forKey key: Key) -> any Encoder { superEncoder() }
}
