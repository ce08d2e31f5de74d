/// The elements of one array, in their order.
struct IndexUnkeyedContainer: UnkeyedDecodingContainer {
    let decoding: IndexDecoding
    private let elementCount: Int
    private(set) var currentIndex = 0
    private var next: Int

    init(decoding: IndexDecoding, array: Int) throws {
        let value = try decoding.value(array)
        guard value.kind == .array else { throw decoding.giveUp() }
        self.decoding = decoding
        elementCount = Int(value.count)
        next = array + 1
    }

    var codingPath: [any CodingKey] {
        _ = decoding.giveUp()
        return []
    }

    var count: Int? { elementCount }
    var isAtEnd: Bool { currentIndex >= elementCount }

    /// Steps over the present element.
    private mutating func take() throws -> Int {
        guard !isAtEnd else { throw decoding.giveUp() }
        let position = next
        next = Int(try decoding.value(position).next)
        currentIndex += 1
        return position
    }

    mutating func decodeNil() throws -> Bool {
        guard !isAtEnd else { throw decoding.giveUp() }
        guard try decoding.isNull(next) else { return false }
        _ = try take()
        return true
    }

    mutating func decode(_ type: Bool.Type) throws -> Bool { try decoding.bool(take()) }
    mutating func decode(_ type: String.Type) throws -> String { try decoding.string(take()) }
    mutating func decode(_ type: Double.Type) throws -> Double { try decoding.double(take()) }
    mutating func decode(_ type: Float.Type) throws -> Float { throw decoding.giveUp() }
    mutating func decode(_ type: Int.Type) throws -> Int { try decoding.integer(take()) }
    mutating func decode(_ type: Int8.Type) throws -> Int8 { try decoding.integer(take()) }
    mutating func decode(_ type: Int16.Type) throws -> Int16 { try decoding.integer(take()) }
    mutating func decode(_ type: Int32.Type) throws -> Int32 { try decoding.integer(take()) }
    mutating func decode(_ type: Int64.Type) throws -> Int64 { try decoding.integer(take()) }
    mutating func decode(_ type: UInt.Type) throws -> UInt { try decoding.integer(take()) }
    mutating func decode(_ type: UInt8.Type) throws -> UInt8 { try decoding.integer(take()) }
    mutating func decode(_ type: UInt16.Type) throws -> UInt16 { try decoding.integer(take()) }
    mutating func decode(_ type: UInt32.Type) throws -> UInt32 { try decoding.integer(take()) }
    mutating func decode(_ type: UInt64.Type) throws -> UInt64 { try decoding.integer(take()) }
    mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        try decoding.decode(type, at: take())
    }

    mutating func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type
    ) throws -> KeyedDecodingContainer<Nested> {
        try IndexDecoder(decoding: decoding, position: take()).container(keyedBy: type)
    }

    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
        try IndexUnkeyedContainer(decoding: decoding, array: take())
    }

    mutating func superDecoder() throws -> any Decoder { throw decoding.giveUp() }
}
