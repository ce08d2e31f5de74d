/// A name of one kind of thing, so that the compiler tells an instance's id from a queue's name.
///
/// On every wire an identifier is its text.
public protocol Identifier: RawRepresentable, Hashable, Sendable, Codable, Comparable, CustomStringConvertible,
    ExpressibleByStringLiteral
where RawValue == String {
    /// Makes an identifier of any text; what is valid is checked where the text comes from.
    init(_ text: String)
}

extension Identifier {
    public init(rawValue: String) { self.init(rawValue) }
    public init(stringLiteral value: String) { self.init(value) }
    public var description: String { rawValue }
    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// The type of a module, `Chat`: what callers name when any instance will do.
public struct ModuleType: Identifier {
    public let rawValue: String
    public init(_ text: String) { rawValue = text }
}

/// The `Id` of one running instance of a module type, unique in the cluster: `127.0.0.1:Chat`.
public struct InstanceID: Identifier {
    public let rawValue: String
    public init(_ text: String) { rawValue = text }
}

/// One `mqantserver` process. Made anew by every start, so that a node that restarts is another node.
public struct NodeID: Identifier {
    public let rawValue: String
    public init(_ text: String) { rawValue = text }
}

/// Where a transport delivers envelopes: AMQP's queue name.
public struct QueueName: Identifier {
    public let rawValue: String
    public init(_ text: String) { rawValue = text }
}

/// A named set of sessions across all Gates.
///
/// Its text is a routing key on the wire, so it holds 1 to 200 bytes of UTF-8 (AMQP 0-9-1 §4.2.5.3 allows 255; the
/// rest is for prefixes). `GroupName(validating:)` checks that.
public struct GroupName: Identifier {
    /// The longest name, in bytes of UTF-8.
    public static let maximumByteCount = 200

    public let rawValue: String
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
