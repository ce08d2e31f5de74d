import NIOCore
public import RPC

/// A cast that a Gate sends when a session's connection ends while it is in a group: how a room hears of the leave.
public struct Farewell: Sendable, Hashable, Codable {
    /// The module type that is told.
    public var type: ModuleType
    /// Which instance: the owner of this key.
    public var key: String
    /// The function.
    public var function: String
    /// Its arguments, a JSON array.
    public var arguments: String

    /// - Parameters:
    ///   - type: the module type that is told.
    ///   - key: which instance: the owner of this key.
    ///   - function: the function.
    ///   - arguments: what the function takes, in its order.
    public init<each Argument: Encodable>(
        type: ModuleType, key: String, function: String, _ arguments: repeat each Argument
    ) throws(RPCError) {
        self.type = type
        self.key = key
        self.function = function
        self.arguments = String(buffer: try ArgumentCoding.encode(arguments: repeat each arguments).buffer)
    }
}

/// What joining or leaving a group came to.
package struct MembershipChange: Codable, Sendable {
    package var changed: Bool
    package var session: SessionState

    package init(changed: Bool, session: SessionState) {
        self.changed = changed
        self.session = session
    }
}
