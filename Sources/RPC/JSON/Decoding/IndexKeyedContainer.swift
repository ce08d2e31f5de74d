/// The members of one object.
struct IndexKeyedContainer<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let decoding: IndexDecoding
    let object: Int

    var codingPath: [any CodingKey] {
        _ = decoding.giveUp()
        return []
    }

    var allKeys: [Key] { ((try? decoding.keys(of: object)) ?? []).compactMap { Key(stringValue: $0) } }

    func contains(_ key: Key) -> Bool { (try? decoding.member(key.stringValue, of: object)) ?? nil != nil }

    private func position(_ key: Key) throws -> Int {
        guard let position = try decoding.member(key.stringValue, of: object) else { throw decoding.giveUp() }
        return position
    }

    /// nil: there is no such member, or its value is null.
    private func present(_ key: Key) throws -> Int? {
        guard let position = try decoding.member(key.stringValue, of: object) else { return nil }
        return try decoding.isNull(position) ? nil : position
    }

    func decodeNil(forKey key: Key) throws -> Bool { try decoding.isNull(position(key)) }
    func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool { try decoding.bool(position(key)) }
    func decode(_ type: String.Type, forKey key: Key) throws -> String { try decoding.string(position(key)) }
    func decode(_ type: Double.Type, forKey key: Key) throws -> Double { try decoding.double(position(key)) }
    func decode(_ type: Float.Type, forKey key: Key) throws -> Float { throw decoding.giveUp() }
    func decode(_ type: Int.Type, forKey key: Key) throws -> Int { try decoding.integer(position(key)) }
    func decode(_ type: Int8.Type, forKey key: Key) throws -> Int8 { try decoding.integer(position(key)) }
    func decode(_ type: Int16.Type, forKey key: Key) throws -> Int16 { try decoding.integer(position(key)) }
    func decode(_ type: Int32.Type, forKey key: Key) throws -> Int32 { try decoding.integer(position(key)) }
    func decode(_ type: Int64.Type, forKey key: Key) throws -> Int64 { try decoding.integer(position(key)) }
    func decode(_ type: UInt.Type, forKey key: Key) throws -> UInt { try decoding.integer(position(key)) }
    func decode(_ type: UInt8.Type, forKey key: Key) throws -> UInt8 { try decoding.integer(position(key)) }
    func decode(_ type: UInt16.Type, forKey key: Key) throws -> UInt16 { try decoding.integer(position(key)) }
    func decode(_ type: UInt32.Type, forKey key: Key) throws -> UInt32 { try decoding.integer(position(key)) }
    func decode(_ type: UInt64.Type, forKey key: Key) throws -> UInt64 { try decoding.integer(position(key)) }

    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        try decoding.decode(type, at: position(key))
    }

    func decodeIfPresent(_ type: Bool.Type, forKey key: Key) throws -> Bool? { try present(key).map(decoding.bool) }
    func decodeIfPresent(_ type: String.Type, forKey key: Key) throws -> String? {
        try present(key).map(decoding.string)
    }
    func decodeIfPresent(_ type: Int.Type, forKey key: Key) throws -> Int? { try present(key).map(decoding.integer) }
    func decodeIfPresent(_ type: Double.Type, forKey key: Key) throws -> Double? {
        try present(key).map(decoding.double)
    }

    func decodeIfPresent<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value? {
        try present(key).map { try decoding.decode(type, at: $0) }
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<Nested> {
        try IndexDecoder(decoding: decoding, position: position(key)).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try IndexUnkeyedContainer(decoding: decoding, array: position(key))
    }

    func superDecoder() throws -> any Decoder { throw decoding.giveUp() }
    func superDecoder(forKey key: Key) throws -> any Decoder { throw decoding.giveUp() }
}
