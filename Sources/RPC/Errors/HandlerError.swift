/// What a handler throws to answer with an error text of its own, `throw HandlerError("Not Logined")`.
public struct HandlerError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The text that the caller sees.
    public let message: String

    /// An error with a text of one's own.
    ///
    /// - Parameter message: the text that the caller sees.
    public init(_ message: String) { self.message = message }

    /// The same as ``message``.
    public var description: String { message }
}

extension RPCError {
    /// What a caller is told of an error that a handler threw.
    init(answering error: any Error) {
        switch error {
        // What handlers throw most, first: each cast costs as much as a small request's arguments.
        case let error as HandlerError: self.init(.remote, error.message)
        case let error as RPCError:
            self = RPCError(error.code.isPresentable ? error.code : .remote, error.message, outcome: .answered)
        default: self.init(.remote, String(describing: error), underlyingError: error)
        }
    }
}
