import FoundationEssentials
import NIOCore

/// One reading of a JSON text into Swift values, by its index instead of Foundation's decoder.
///
/// It reads what is common: objects of up to 32 members, arrays, strings, whole and short decimal numbers, booleans, null.
/// Anything else, and every error, makes it give up; then the caller decodes anew with Foundation, whose value or error
/// counts. So a text has the value that Foundation gives it, or the same refusal.
final class IndexDecoding {
    struct GivenUp: Error {}

    /// Objects with more members are looked up by hash: by Foundation.
    static let maximumMembers = 32

    /// Empty as soon as the reading is over: a decoder that somebody kept finds nothing.
    private var bytes: UnsafeRawBufferPointer
    private var values: [JSONIndex.Value]
    private var hasGivenUp = false

    init(_ bytes: UnsafeRawBufferPointer, _ index: JSONIndex) {
        self.bytes = bytes
        values = index.values
    }

    /// Decodes what `body` asks for.
    /// - Returns: nil if Foundation has to do it.
    static func decode<Result>(
        _ buffer: ByteBuffer, _ body: (IndexDecoding) throws -> Result
    ) -> Result? {
        buffer.withUnsafeReadableBytes { bytes in
            guard let index = JSONIndex(bytes) else { return nil }
            let decoding = IndexDecoding(bytes, index)
            defer { decoding.end() }
            guard let result = try? body(decoding), !decoding.hasGivenUp else { return nil }
            return result
        }
    }

    private func end() {
        bytes = UnsafeRawBufferPointer(start: nil, count: 0)
        values = []
    }

    /// Leaves the text to Foundation, whatever becomes of the error that this returns.
    func giveUp() -> GivenUp {
        hasGivenUp = true
        return GivenUp()
    }

    // MARK: Values

    func value(_ position: Int) throws(GivenUp) -> JSONIndex.Value {
        guard values.indices.contains(position) else { throw giveUp() }
        return values[position]
    }

    func isNull(_ position: Int) throws(GivenUp) -> Bool { try value(position).kind == .null }

    /// Decodes the value at a position of the index.
    func decode<Value: Decodable>(_ type: Value.Type, at position: Int) throws -> Value {
        if type == String.self, let value = try string(position) as? Value { return value }
        if type == Int.self, let value = try integer(position) as Int as? Value { return value }
        if type == Bool.self, let value = try bool(position) as? Value { return value }
        if type == Double.self, let value = try double(position) as? Value { return value }
        // Foundation reads these in ways of its own.
        guard type != Data.self, type != Date.self, type != URL.self, type != Decimal.self else { throw giveUp() }
        do {
            return try Value(from: IndexDecoder(decoding: self, position: position))
        } catch {
            throw giveUp()
        }
    }

    func string(_ position: Int) throws(GivenUp) -> String {
        let value = try value(position)
        switch value.kind {
        case .text, .unicodeText: return String(decoding: text(value), as: UTF8.self)
        case .escapedText:
            guard let text = JSONEscapes.text(of: text(value)) else { throw giveUp() }
            return text
        default: throw giveUp()
        }
    }

    func bool(_ position: Int) throws(GivenUp) -> Bool {
        switch try value(position).kind {
        case .yes: return true
        case .no: return false
        default: throw giveUp()
        }
    }

    func integer<Integer: FixedWidthInteger>(_ position: Int) throws(GivenUp) -> Integer {
        let value = try value(position)
        guard value.kind == .number, let number = Self.integer(text(value)),
            let result = Integer(exactly: number)
        else {
            throw giveUp()
        }
        return result
    }

    func double(_ position: Int) throws(GivenUp) -> Double {
        let value = try value(position)
        guard value.kind == .number, let number = Self.decimal(text(value)) else { throw giveUp() }
        return number
    }

    private func text(_ value: JSONIndex.Value) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: bytes[Int(value.start)..<Int(value.end)])
    }

    /// A whole number of up to 18 digits; nil: something else.
    private static func integer(_ text: UnsafeRawBufferPointer) -> Int? {
        let isNegative = text.first == UInt8(ascii: "-")
        let digits = isNegative ? text.dropFirst() : text[...]
        guard digits.count <= 18 else { return nil }
        var number = 0
        for byte in digits {
            guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
            number = number * 10 + Int(byte - UInt8(ascii: "0"))
        }
        return isNegative ? -number : number
    }

    /// A number without an exponent, of up to 15 digits: then digits and power of ten are exact, and one division rounds
    /// correctly. nil: something else.
    private static func decimal(_ text: UnsafeRawBufferPointer) -> Double? {
        var number = 0
        var digits = 0
        var scale: Double?
        let isNegative = text.first == UInt8(ascii: "-")
        for byte in isNegative ? text.dropFirst() : text[...] {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                number = number * 10 + Int(byte - UInt8(ascii: "0"))
                digits += 1
                scale = scale.map { $0 * 10 }
            case UInt8(ascii: "."): scale = 1
            default: return nil
            }
            guard digits <= 15 else { return nil }
        }
        let value = Double(number) / (scale ?? 1)
        return isNegative ? -value : value
    }

    // MARK: Objects

    /// Where the value under a key stands; nil: there is none. Of a key that stands twice the first counts.
    func member(_ key: String, of object: Int) throws(GivenUp) -> Int? {
        let count = try members(of: object)
        var key = key
        var position = object + 1
        for _ in 0..<count {
            let name = try value(position)
            // Other spellings may be the same text.
            guard name.kind == .text else { throw giveUp() }
            if key.withUTF8({ $0.elementsEqual(text(name)) }) { return position + 1 }
            position = Int(try value(position + 1).next)
        }
        return nil
    }

    func keys(of object: Int) throws(GivenUp) -> [String] {
        var keys: [String] = []
        var position = object + 1
        for _ in 0..<(try members(of: object)) {
            let key = try string(position)
            guard !keys.contains(key) else { throw giveUp() }
            keys.append(key)
            position = Int(try value(position + 1).next)
        }
        return keys
    }

    /// How many members an object has.
    func members(of object: Int) throws(GivenUp) -> Int {
        let value = try value(object)
        guard value.kind == .object, value.count <= Self.maximumMembers else { throw giveUp() }
        return Int(value.count)
    }
}
