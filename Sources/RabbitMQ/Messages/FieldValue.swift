package import NIOCore

/// One value of a header table: the types of AMQP 0-9-1 §4.2.5.5 in the form RabbitMQ speaks them.
package indirect enum FieldValue: Sendable, Hashable {
    case bool(Bool)
    case int8(Int8)
    case uint8(UInt8)
    case int16(Int16)
    case uint16(UInt16)
    case int32(Int32)
    case uint32(UInt32)
    case int64(Int64)
    case float(Float)
    case double(Double)
    /// `value` shifted right by `scale` decimal digits.
    case decimal(scale: UInt8, value: UInt32)
    /// A long string that is valid UTF-8.
    case string(String)
    /// A byte array, or a received long string that is not valid UTF-8.
    case bytes(ByteBuffer)
    case array([FieldValue])
    /// Seconds since 1970, as its sender wrote them.
    case timestamp(UInt64)
    case table(FieldTable)
    case void
}

extension FieldValue: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral {
    package init(stringLiteral value: String) { self = .string(value) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    package init(integerLiteral value: Int64) { self = .int64(value) }
}

extension FieldValue {
    /// The text of a `.string`, nil for every other type.
    package var string: String? {
        if case .string(let text) = self { text } else { nil }
    }

    /// The value of any integer type (timestamps aside), nil if this is none.
    package var integer: Int64? {
        switch self {
        case .int8(let value): Int64(value)
        case .uint8(let value): Int64(value)
        case .int16(let value): Int64(value)
        case .uint16(let value): Int64(value)
        case .int32(let value): Int64(value)
        case .uint32(let value): Int64(value)
        case .int64(let value): value
        default: nil
        }
    }
}
