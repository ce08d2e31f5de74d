/// Decodes a value of a configuration file; errors carry the coding path, from which the place in the file is found.
struct ConfigurationDecoder: Decoder {
    let value: ConfigurationValue
    let codingPath: [any CodingKey]
    let userInfo: [CodingUserInfoKey: Any] = [:]

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        guard case .object(let members) = value.content else { throw mismatch([String: Any].self) }
        return KeyedDecodingContainer(KeyedValues<Key>(decoder: self, members: members))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        guard case .array(let elements) = value.content else { throw mismatch([Any].self) }
        return UnkeyedValues(decoder: self, elements: elements)
    }

    func singleValueContainer() -> any SingleValueDecodingContainer {
        SingleValue(decoder: self)
    }

    /// A value of any type: of the standard library's from the content, of others by their own means.
    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        let primitive: Any?
        switch type {
        case is String.Type: primitive = string
        case is Bool.Type: primitive = bool
        case is Double.Type: primitive = number.flatMap { Double($0) }.flatMap { $0.isFinite ? $0 : nil }
        case is Float.Type: primitive = number.flatMap { Float($0) }.flatMap { $0.isFinite ? $0 : nil }
        case let type as any FixedWidthInteger.Type: primitive = integer(type)
        default: return try Value(from: self)
        }
        guard let value = primitive as? Value else { throw mismatch(type) }
        return value
    }

    private var string: String? {
        if case .string(let text) = value.content { text.value } else { nil }
    }

    private var bool: Bool? {
        if case .bool(let flag) = value.content { flag } else { nil }
    }

    private var number: String? {
        if case .number(let text) = value.content { text } else { nil }
    }

    private func integer<Integer: FixedWidthInteger>(_ type: Integer.Type) -> Integer? {
        number.flatMap { Integer($0) }
    }

    func nested(_ value: ConfigurationValue, _ key: any CodingKey) -> Self {
        Self(value: value, codingPath: codingPath + [key])
    }

    func mismatch(_ type: any Any.Type) -> DecodingError {
        .typeMismatch(type, .init(codingPath: codingPath, debugDescription: "not \(type)"))
    }

    func missing(_ key: any CodingKey) -> DecodingError {
        .keyNotFound(key, .init(codingPath: codingPath, debugDescription: "missing"))
    }
}

/// The value itself. Its one generic method stands for the requirements of all types.
private struct SingleValue: SingleValueDecodingContainer {
    let decoder: ConfigurationDecoder
    var codingPath: [any CodingKey] { decoder.codingPath }

    func decodeNil() -> Bool { decoder.value.isNull }

    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try decoder.decode(type) }
}

/// The members of an object.
private struct KeyedValues<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let decoder: ConfigurationDecoder
    let members: [ConfigurationValue.Member]
    var codingPath: [any CodingKey] { decoder.codingPath }
    var allKeys: [Key] { members.compactMap { Key(stringValue: $0.key) } }

    func contains(_ key: Key) -> Bool { decoder.value[key.stringValue] != nil }

    func decodeNil(forKey key: Key) throws -> Bool { try nested(key).value.isNull }

    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        try nested(key).decode(type)
    }

    func nestedContainer<NestedKey: CodingKey>(
        keyedBy type: NestedKey.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<NestedKey> {
        try nested(key).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try nested(key).unkeyedContainer()
    }

    func superDecoder() throws -> any Decoder {
        decoder.nested(decoder.value["super"] ?? decoder.null, PlainKey("super"))
    }

    func superDecoder(forKey key: Key) throws -> any Decoder { try nested(key) }

    private func nested(_ key: Key) throws -> ConfigurationDecoder {
        guard let value = decoder.value[key.stringValue] else { throw decoder.missing(key) }
        return decoder.nested(value, key)
    }
}

/// The elements of an array, one after the other.
private struct UnkeyedValues: UnkeyedDecodingContainer {
    let decoder: ConfigurationDecoder
    let elements: [ConfigurationValue]
    var currentIndex = 0
    var codingPath: [any CodingKey] { decoder.codingPath }
    var count: Int? { elements.count }
    var isAtEnd: Bool { currentIndex >= elements.count }

    mutating func decodeNil() throws -> Bool {
        let isNull = try current().value.isNull
        if isNull { currentIndex += 1 }
        return isNull
    }

    mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        try advance { try $0.decode(type) }
    }

    mutating func nestedContainer<NestedKey: CodingKey>(
        keyedBy type: NestedKey.Type
    ) throws -> KeyedDecodingContainer<NestedKey> {
        try advance { try $0.container(keyedBy: type) }
    }

    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
        try advance { try $0.unkeyedContainer() }
    }

    mutating func superDecoder() throws -> any Decoder {
        try advance { $0 }
    }

    private mutating func advance<Result>(_ body: (ConfigurationDecoder) throws -> Result) throws -> Result {
        let result = try body(current())
        currentIndex += 1
        return result
    }

    private func current() throws -> ConfigurationDecoder {
        let key = PlainKey(currentIndex)
        guard elements.indices.contains(currentIndex) else { throw decoder.missing(key) }
        return decoder.nested(elements[currentIndex], key)
    }
}

/// A key for what has none of its own.
private struct PlainKey: CodingKey {
    let stringValue: String
    let intValue: Int?

    init(_ name: String) {
        stringValue = name
        intValue = nil
    }

    init(_ index: Int) {
        stringValue = "[\(index)]"
        intValue = index
    }

    init?(stringValue: String) { self.init(stringValue) }
    init?(intValue: Int) { self.init(intValue) }
}

extension ConfigurationDecoder {
    fileprivate var null: ConfigurationValue { ConfigurationValue(content: .null, offset: value.offset) }
}
