/// How a function runs.
public struct FunctionOptions: Sendable, Hashable {
    /// What runs at the same time as what. Versions to come may have more of them, so this is no enum.
    public struct Execution: Sendable, Hashable {
        enum Kind: Sendable, Hashable {
            case perSession
            case concurrent
            case serial
        }

        let kind: Kind

        /// In arrival order within a session, concurrently across sessions. Calls without a session are concurrent.
        public static let perSession = Self(kind: .perSession)
        /// Every call at once (mqant's `RegisterGO`).
        public static let concurrent = Self(kind: .concurrent)
        /// One call at a time among all serial functions of the instance (mqant's `Register`).
        public static let serial = Self(kind: .serial)
    }

    /// What runs at the same time as what.
    public var execution: Execution
    /// The function never blocks its thread: it computes for microseconds and otherwise awaits. Its calls then start
    /// on the thread that delivers them, which saves two hops between threads. A function that says so and blocks
    /// delays every client of that thread.
    public var isNonblocking = false
    /// Doing the work twice does no harm: a call whose outcome is unknown may be sent again to another instance.
    public var isIdempotent = false

    /// Options of a function that may block its thread, and is not idempotent.
    ///
    /// - Parameter execution: what runs at the same time as what.
    public init(execution: Execution) { self.execution = execution }

    /// In arrival order within a session; the default of `Handler_…` functions.
    public static var perSession: Self { Self(execution: .perSession) }
    /// Every call at once; the default of other functions.
    public static var concurrent: Self { Self(execution: .concurrent) }
    /// One call at a time.
    public static var serial: Self { Self(execution: .serial) }

    /// The same, for a function that never blocks its thread.
    public var nonblocking: Self {
        var options = self
        options.isNonblocking = true
        return options
    }

    /// The same, for a function that may be called twice for one call.
    public var idempotent: Self {
        var options = self
        options.isIdempotent = true
        return options
    }

    /// What a function of this name gets if its module says nothing.
    static func `default`(for name: String) -> Self {
        name.hasBytePrefix("Handler_") ? .perSession : .concurrent
    }
}
