/// The `Decoder` of one value.
struct IndexDecoder: Decoder {
    let decoding: IndexDecoding
    let position: Int

    /// Nobody but an error's text needs it, and errors are Foundation's.
    var codingPath: [any CodingKey] {
        _ = decoding.giveUp()
        return []
    }

    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        _ = try decoding.members(of: position)
        return KeyedDecodingContainer(IndexKeyedContainer(decoding: decoding, object: position))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        try IndexUnkeyedContainer(decoding: decoding, array: position)
    }

    func singleValueContainer() throws -> any SingleValueDecodingContainer { self }
}

extension IndexDecoder: SingleValueDecodingContainer {
    /// A fault is noticed where a value is decoded.
    func decodeNil() -> Bool { (try? decoding.isNull(position)) ?? false }
    func decode(_ type: Bool.Type) throws -> Bool { try decoding.bool(position) }
    func decode(_ type: String.Type) throws -> String { try decoding.string(position) }
    func decode(_ type: Double.Type) throws -> Double { try decoding.double(position) }
    func decode(_ type: Float.Type) throws -> Float { throw decoding.giveUp() }
    func decode(_ type: Int.Type) throws -> Int { try decoding.integer(position) }
    func decode(_ type: Int8.Type) throws -> Int8 { try decoding.integer(position) }
    func decode(_ type: Int16.Type) throws -> Int16 { try decoding.integer(position) }
    func decode(_ type: Int32.Type) throws -> Int32 { try decoding.integer(position) }
    func decode(_ type: Int64.Type) throws -> Int64 { try decoding.integer(position) }
    func decode(_ type: UInt.Type) throws -> UInt { try decoding.integer(position) }
    func decode(_ type: UInt8.Type) throws -> UInt8 { try decoding.integer(position) }
    func decode(_ type: UInt16.Type) throws -> UInt16 { try decoding.integer(position) }
    func decode(_ type: UInt32.Type) throws -> UInt32 { try decoding.integer(position) }
    func decode(_ type: UInt64.Type) throws -> UInt64 { try decoding.integer(position) }
    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try decoding.decode(type, at: position) }
}
