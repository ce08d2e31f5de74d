/// How a function runs that may block its thread: `.blocking`, `.serial.blocking`, `.blocking.idempotent`.
///
/// A type of its own, because only functions that do not await can be registered with it.
public struct BlockingOptions: Sendable, Hashable {
    /// nil: as the function's name says.
    private var execution: FunctionOptions.Execution?
    private var isIdempotent = false

    fileprivate init(execution: FunctionOptions.Execution?, isIdempotent: Bool = false) {
        self.execution = execution
        self.isIdempotent = isIdempotent
    }

    /// In arrival order within a session for `Handler_…`, else every call at once.
    public static var blocking: Self { Self(execution: nil) }

    /// What `.perSession.blocking` begins with.
    public static var perSession: FunctionOptions { .perSession }
    /// What `.concurrent.blocking` begins with.
    public static var concurrent: FunctionOptions { .concurrent }
    /// What `.serial.blocking` begins with.
    public static var serial: FunctionOptions { .serial }

    /// The same, for a function that may be called twice for one call.
    public var idempotent: Self {
        var options = self
        options.isIdempotent = true
        return options
    }

    /// What a function of this name gets.
    func options(for name: String) -> FunctionOptions {
        var options = execution.map(FunctionOptions.init) ?? .default(for: name)
        options.isIdempotent = isIdempotent
        return options
    }
}

extension FunctionOptions {
    /// The same, for a function that may block its thread: it runs on one of the node's `RPC.BlockingThreads`.
    public var blocking: BlockingOptions { BlockingOptions(execution: execution, isIdempotent: isIdempotent) }
}
