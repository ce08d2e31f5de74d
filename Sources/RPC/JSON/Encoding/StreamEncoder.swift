/// The `Encoder` of one value, which is to be written now.
struct StreamEncoder: Encoder {
    let encoding: StreamEncoding
    let id: Int

    /// Nobody but an error's text needs it, and errors are Foundation's.
    var codingPath: [any CodingKey] {
        _ = encoding.giveUp()
        return []
    }

    var userInfo: [CodingUserInfoKey: Any] { [:] }

    /// A second container of one value, as a class and its superclass have, is Foundation's.
    private func begin(asObject isObject: Bool) -> StreamEncoding.Place {
        encoding.takeTurn(id) ? encoding.begin(asObject: isObject) : .nowhere
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        KeyedEncodingContainer(StreamKeyedContainer(encoding: encoding, place: begin(asObject: true)))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        StreamUnkeyedContainer(encoding: encoding, place: begin(asObject: false))
    }

    func singleValueContainer() -> any SingleValueEncodingContainer { self }

    private func take() throws(StreamEncoding.GivenUp) {
        guard encoding.takeTurn(id) else { throw encoding.giveUp() }
    }
}

extension StreamEncoder: SingleValueEncodingContainer {
    func encodeNil() throws {
        try take()
        encoding.writeNull()
    }

    func encode<Value: Encodable>(_ value: Value) throws {
        try take()
        try encoding.encode(value)
    }
    func encode(_ value: Bool) throws {
        try take()
        encoding.write(value)
    }
    func encode(_ value: String) throws {
        try take()
        encoding.write(value)
    }
    func encode(_ value: Double) throws {
        try take()
        try encoding.write(value)
    }
    func encode(_ value: Float) throws {
        try take()
        try encoding.write(value)
    }
    private func encode(integer value: some BinaryInteger) throws {
        try take()
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
}
