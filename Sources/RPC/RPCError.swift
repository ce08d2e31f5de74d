/// Why a call has no result.
///
/// `message` is written to be shown to a person; `code` is for programs. On the wire the code travels as the
/// `error-code` header (docs/wire.md), so its raw values are part of the protocol.
public struct RPCError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kind of failure.
    public enum Code: String, Sendable, Hashable, Codable, CaseIterable {
        /// No live instance of the module type, or none with the id. Nothing was delivered.
        case notFound = "not-found"
        /// The instance does not serve a function of this name.
        case functionNotFound = "function-not-found"
        /// The arguments do not fit the function: their number, shape or type.
        case invalidArguments = "invalid-arguments"
        /// The callee's bound on handlers in flight and its waiting line, or a queue on the way, were full.
        case overloaded = "overloaded"
        /// The handler threw: the message is its text.
        case remote = "remote"
        /// No answer within the deadline.
        case timeout = "timeout"
        /// The process that held the call is gone.
        case interrupted = "interrupted"
        /// The connection to the broker was lost while the call was out.
        case disconnected = "disconnected"
        /// The answer is not what the caller asked for.
        case invalidResult = "invalid-result"
        /// A body over the transport's bound.
        case tooLarge = "too-large"
        /// This node is shutting down.
        case shuttingDown = "shutting-down"
        /// The caller's task was cancelled.
        case cancelled = "cancelled"
        /// Another process serves an instance of this id; never the end of a call.
        case instanceTaken = "instance-taken"
    }

    /// What is known about the callee's work.
    public enum Outcome: Sendable, Hashable {
        /// The request reached no handler: sending it again is safe.
        case notDelivered
        /// The handler may have run.
        case unknown
        /// The callee answered.
        case answered
    }

    public let code: Code
    public let message: String
    /// What is known about the callee's work.
    public let outcome: Outcome
    /// The error beneath, if there is one; local only, never sent.
    public let underlyingError: (any Error)?

    /// - Parameters:
    ///   - code: the kind of failure.
    ///   - message: text for a person, without secrets: clients of the Gate see it.
    ///   - outcome: what is known about the callee's work; by default what the kind implies.
    public init(_ code: Code, _ message: String, outcome: Outcome? = nil, underlyingError: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.outcome = outcome ?? code.impliedOutcome
        self.underlyingError = underlyingError
    }

    /// True if the request reached no handler, so that sending it again cannot do the work twice.
    public var isSafeToResend: Bool { outcome == .notDelivered }

    public var description: String { "\(code.rawValue): \(message)" }

    public static func == (left: RPCError, right: RPCError) -> Bool {
        left.code == right.code && left.message == right.message && left.outcome == right.outcome
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(code)
        hasher.combine(message)
        hasher.combine(outcome)
    }
}

extension RPCError.Code {
    fileprivate var impliedOutcome: RPCError.Outcome {
        switch self {
        case .notFound, .tooLarge, .shuttingDown, .instanceTaken: .notDelivered
        case .functionNotFound, .invalidArguments, .overloaded, .remote, .invalidResult: .answered
        case .timeout, .interrupted, .disconnected, .cancelled: .unknown
        }
    }
}

extension RPCError {
    package static func serviceNotFound(_ type: ModuleType) -> RPCError {
        RPCError(.notFound, "Service(type:\(type)) not found")
    }

    package static func instanceNotFound(_ id: InstanceID) -> RPCError {
        RPCError(.notFound, "Service(id:\(id)) not found")
    }

    /// The answer of an instance that is withdrawn: its caller sends the request to another.
    package static func withdrawn(_ id: InstanceID) -> RPCError {
        RPCError(.notFound, "Service(id:\(id)) is withdrawn", outcome: .notDelivered)
    }

    package static func functionNotFound(_ name: String) -> RPCError {
        RPCError(.functionNotFound, "Remote function(\(name)) not found")
    }

    package static func timeout(_ function: String, outcome: Outcome = .unknown) -> RPCError {
        RPCError(.timeout, "\(function) did not answer in time", outcome: outcome)
    }
}

/// What a handler throws to answer with an error text of its own, `throw HandlerError("Not Logined")`.
public struct HandlerError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The text that the caller sees.
    public let message: String

    /// - Parameter message: the text that the caller sees.
    public init(_ message: String) { self.message = message }

    public var description: String { message }
}
