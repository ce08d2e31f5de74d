/// The elements of one array that is being written.
struct StreamUnkeyedContainer: UnkeyedEncodingContainer {
    let encoding: StreamEncoding
    let place: StreamEncoding.Place

    var codingPath: [any CodingKey] {
        _ = encoding.giveUp()
        return []
    }

    var count: Int { encoding.count(place) }

    private func begin() throws { try encoding.beginElement(place) }

    func encodeNil() throws {
        try begin()
        encoding.writeNull()
    }

    func encode<Value: Encodable>(_ value: Value) throws {
        try begin()
        try encoding.encode(value)
    }
    func encode(_ value: Bool) throws {
        try begin()
        encoding.write(value)
    }
    func encode(_ value: String) throws {
        try begin()
        encoding.write(value)
    }
    func encode(_ value: Double) throws {
        try begin()
        try encoding.write(value)
    }
    func encode(_ value: Float) throws {
        try begin()
        try encoding.write(value)
    }
    private func encode(integer value: some BinaryInteger) throws {
        try begin()
        encoding.write(value)
    }
    func encode(_ value: Int) throws { try encode(integer: value) }
    func encode(_ value: Int8) throws { try encode(integer: value) }
    func encode(_ value: Int16) throws { try encode(integer: value) }
    func encode(_ value: Int32) throws { try encode(integer: value) }
    func encode(_ value: Int64) throws { try encode(integer: value) }
    func encode(_ value: UInt) throws { try encode(integer: value) }
    func encode(_ value: UInt8) throws { try encode(integer: value) }
    func encode(_ value: UInt16) throws { try encode(integer: value) }
    func encode(_ value: UInt32) throws { try encode(integer: value) }
    func encode(_ value: UInt64) throws { try encode(integer: value) }

    private func nested(asObject isObject: Bool) -> StreamEncoding.Place {
        do { try begin() } catch { return .nowhere }
        return encoding.begin(asObject: isObject)
    }

    func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
        KeyedEncodingContainer(StreamKeyedContainer<Nested>(encoding: encoding, place: nested(asObject: true)))
    }

    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
        StreamUnkeyedContainer(encoding: encoding, place: nested(asObject: false))
    }

    func superEncoder() -> any Encoder {
        _ = encoding.giveUp()
        return StreamEncoder(encoding: encoding, id: -1)
    }
}
