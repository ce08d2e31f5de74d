/// A name of one kind of thing, so that the compiler tells an instance's id from a queue's name.
///
/// On every wire an identifier is its text. Two are the same if their bytes of UTF-8 are, as a broker compares them:
/// Swift's own comparison of strings would take U+212A (Kelvin) for `K` (docs/wire.md, §1).
public protocol Identifier: RawRepresentable, Hashable, Sendable, Codable, Comparable, CustomStringConvertible,
    ExpressibleByStringLiteral
where RawValue == String {
    /// Makes an identifier of any text; what is valid is checked where the text comes from.
    init(_ text: String)
}

extension Identifier {
    /// Makes an identifier of any text.
    public init(rawValue: String) { self.init(rawValue) }
    /// Makes an identifier of a literal.
    public init(stringLiteral value: String) { self.init(value) }
    /// The text.
    public var description: String { rawValue }

    /// Whether the bytes of both texts are the same.
    public static func == (left: Self, right: Self) -> Bool { left.rawValue.hasSameBytes(as: right.rawValue) }
    /// Needed: the standard library's own for raw values would compare those.
    public static func != (left: Self, right: Self) -> Bool { !left.rawValue.hasSameBytes(as: right.rawValue) }
    /// Whether the bytes of one text come before those of the other.
    public static func < (left: Self, right: Self) -> Bool { left.rawValue.precedesInBytes(right.rawValue) }
    /// Hashes the bytes of the text.
    public func hash(into hasher: inout Hasher) { rawValue.hashBytes(into: &hasher) }
}

/// The type of a module, `Chat`: what callers name when any instance will do.
public struct ModuleType: Identifier {
    /// The text.
    public let rawValue: String
    /// Makes an identifier of any text.
    public init(_ text: String) { rawValue = text }
}

/// The `Id` of one running instance of a module type, unique in the cluster: `127.0.0.1:Chat`.
public struct InstanceID: Identifier {
    /// The text.
    public let rawValue: String
    /// Makes an identifier of any text.
    public init(_ text: String) { rawValue = text }
}

/// One `mqantserver` process. Made anew by every start, so that a node that restarts is another node.
public struct NodeID: Identifier {
    /// The text.
    public let rawValue: String
    /// Makes an identifier of any text.
    public init(_ text: String) { rawValue = text }
}

/// Where a transport delivers envelopes: AMQP's queue name.
public struct QueueName: Identifier {
    /// The text.
    public let rawValue: String
    /// Makes an identifier of any text.
    public init(_ text: String) { rawValue = text }
}

/// A named set of sessions across all Gates.
///
/// It holds 1 to 200 bytes of UTF-8; `GroupName(validating:)` checks that. Its text says who owns the group
/// (``owned(by:key:)``).
public struct GroupName: Identifier {
    /// The longest name, in bytes of UTF-8.
    public static let maximumByteCount = 200

    /// The text.
    public let rawValue: String
    /// Makes an identifier of any text.
    public init(_ text: String) { rawValue = text }

    /// Makes a group's name of text that came from outside.
    /// - Throws: `RPCError` `invalidArguments` when it is empty or longer than `maximumByteCount` bytes.
    public init(validating text: String) throws(RPCError) {
        guard !text.isEmpty, text.utf8.count <= Self.maximumByteCount else {
            throw RPCError(.invalidArguments, "a group's name has 1 to \(Self.maximumByteCount) bytes")
        }
        rawValue = text
    }
}
