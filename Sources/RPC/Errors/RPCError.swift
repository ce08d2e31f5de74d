/// Why a call has no result.
///
/// `message` is written to be shown to a person; `code` is for programs. On the wire the code travels as the
/// `error-code` header (docs/wire.md), so its raw values are part of the protocol.
public struct RPCError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What is known about the callee's work. These three are all there will ever be: a `switch` may be exhaustive.
    public enum Outcome: Sendable, Hashable {
        /// The request reached no handler: sending it again is safe.
        case notDelivered
        /// The handler may have run.
        case unknown
        /// The callee answered.
        case answered
    }

    /// The kind of failure, for programs.
    public let code: Code
    /// Text for a person. Clients of a Gate see it.
    public let message: String
    /// What is known about the callee's work.
    public let outcome: Outcome
    /// The error beneath, if there is one; local only, never sent.
    public let underlyingError: (any Error)?

    /// Makes an error, such as a function throws to be told apart by its code.
    ///
    /// - Parameters:
    ///   - code: the kind of failure.
    ///   - message: text for a person, without secrets, Ids of instances, names of queues or addresses: clients of the
    ///     Gate see it.
    ///   - outcome: what is known about the callee's work; by default what the kind implies.
    ///   - underlyingError: the error beneath; stays in this process.
    public init(_ code: Code, _ message: String, outcome: Outcome? = nil, underlyingError: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.outcome = outcome ?? code.impliedOutcome
        self.underlyingError = underlyingError
    }

    /// True if the request reached no handler, so that sending it again cannot do the work twice.
    public var isSafeToResend: Bool { outcome == .notDelivered }

    /// The code and the message: `timeout: Handler_Say did not answer in time`.
    public var description: String { "\(code.rawValue): \(message)" }

    /// Whether two errors say the same; the error beneath is not compared.
    public static func == (left: RPCError, right: RPCError) -> Bool {
        left.code == right.code && left.message == right.message && left.outcome == right.outcome
    }

    /// Hashes what ``==(_:_:)`` compares.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(code)
        hasher.combine(message)
        hasher.combine(outcome)
    }
}

extension RPCError {
    /// Without the Id: it is an address in most clusters, and clients of the Gate see the text.
    package static let instanceNotFound = RPCError(.notFound, "the instance is not live")

    /// The answer of an instance that is withdrawn: its caller sends the request to another.
    package static let withdrawn = RPCError(.notFound, "the instance is withdrawn", outcome: .notDelivered)

    package static func functionNotFound(_ name: String) -> RPCError {
        RPCError(.functionNotFound, "Remote function(\(name)) not found")
    }

    package static func timeout(_ function: String, outcome: Outcome = .unknown) -> RPCError {
        RPCError(.timeout, "\(function) did not answer in time", outcome: outcome)
    }
}
