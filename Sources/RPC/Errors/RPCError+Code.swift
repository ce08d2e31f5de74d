extension RPCError {
    /// The kind of failure.
    ///
    /// Versions to come may have more kinds than these, and a callee of another version or another language may answer with
    /// one. So this is no enum; a `switch` over it works as over one, and has a `default`. A module may have kinds of its
    /// own, which reach its callers as they are:
    ///
    ///     extension RPCError.Code { static let noMoney = Self(rawValue: "no-money") }
    ///
    ///     throw RPCError(.noMoney, "you have 3 coins")     // in a function
    public struct Code: RawRepresentable, Sendable, Hashable, Codable, CustomStringConvertible {
        /// Its name on the wire, the header `error-code`.
        public let rawValue: String

        /// A kind by its name.
        ///
        /// - Parameter rawValue: 1 to 64 lower-case letters, digits and hyphens, and not `withdrawn`; a function that throws
        ///   another one is answered as `remote`.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// The same as ``rawValue``.
        public var description: String { rawValue }
    }
}

extension RPCError.Code {
    /// No live instance of the module type, or none with the id. Nothing was delivered.
    public static let notFound = Self(rawValue: "not-found")
    /// The instance does not serve a function of this name.
    public static let functionNotFound = Self(rawValue: "function-not-found")
    /// The arguments do not fit the function: their number, shape or type.
    public static let invalidArguments = Self(rawValue: "invalid-arguments")
    /// The callee's bound on handlers in flight and its waiting line, or a queue on the way, were full.
    public static let overloaded = Self(rawValue: "overloaded")
    /// The handler threw: the message is its text.
    public static let remote = Self(rawValue: "remote")
    /// No answer within the deadline.
    public static let timeout = Self(rawValue: "timeout")
    /// The process that held the call is gone.
    public static let interrupted = Self(rawValue: "interrupted")
    /// The connection to the broker was lost while the call was out.
    public static let disconnected = Self(rawValue: "disconnected")
    /// The answer is not what the caller asked for.
    public static let invalidResult = Self(rawValue: "invalid-result")
    /// A body over the transport's bound.
    public static let tooLarge = Self(rawValue: "too-large")
    /// This node is shutting down.
    public static let shuttingDown = Self(rawValue: "shutting-down")
    /// The caller's task was cancelled.
    public static let cancelled = Self(rawValue: "cancelled")
    /// Another process serves an instance of this id; never the end of a call.
    public static let instanceTaken = Self(rawValue: "instance-taken")

    /// The kinds that this version has.
    package static let known: [Self] = [
        .notFound, .functionNotFound, .invalidArguments, .overloaded, .remote, .timeout, .interrupted, .disconnected,
        .invalidResult, .tooLarge, .shuttingDown, .cancelled, .instanceTaken,
    ]

    /// On the wire, says that no handler saw the request (docs/wire.md#6-replies); never a kind of failure.
    package static let withdrawn = Self(rawValue: "withdrawn")

    private static let maximumByteCount = 64

    /// Whether this may stand on the wire, and in a terminal, as a kind of failure.
    package var isPresentable: Bool {
        (1...Self.maximumByteCount).contains(rawValue.utf8.count) && self != .withdrawn
            && rawValue.utf8.allSatisfy {
                (0x61...0x7a).contains($0) || (0x30...0x39).contains($0) || $0 == UInt8(ascii: "-")
            }
    }

    /// What is known of the callee's work if nobody says more.
    var impliedOutcome: RPCError.Outcome {
        switch self {
        case .notFound, .tooLarge, .shuttingDown, .instanceTaken: .notDelivered
        case .functionNotFound, .invalidArguments, .overloaded, .remote, .invalidResult: .answered
        default: .unknown
        }
    }
}
