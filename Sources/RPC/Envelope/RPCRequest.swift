public import NIOCore
import Synchronization

/// A call or a cast on its way to one instance, or a push on its way to a group.
public struct RPCRequest: Sendable {
    /// The function's name (AMQP `type`).
    public var function: String
    /// The arguments.
    public var payload: Payload
    /// On whose behalf: the session of the client that asked, if one did.
    public var session: SessionState? {
        get { sessionBox?.state }
        set { sessionBox = newValue.map { SessionBox($0) } }
    }
    /// Short texts that go with a payload of bytes, `topic` for one.
    public var headers: [String: String] = [:]
    /// When the caller stops waiting, on this process's monotonic clock; nil for a cast without one.
    public var deadline: NIODeadline?

    /// The session by reference: a Gate makes one for each change and lends it to every request.
    package var sessionBox: SessionBox?
    /// Chosen by the caller, unique in its process; nil in a cast.
    package var correlationID: CorrelationID?
    /// The queue that a reply goes to; nil in a cast and in calls that stay in the process.
    package var replyTo: QueueName?

    /// A request without a session and without headers.
    public init(function: String, payload: Payload) {
        self.function = function
        self.payload = payload
    }
}

/// A session's state by reference.
package final class SessionBox: Sendable {
    package let state: SessionState
    private let text: Mutex<String?>

    /// - Parameter text: its form on a wire, if it came from one.
    package init(_ state: SessionState, text: String? = nil) {
        self.state = state
        self.text = Mutex(text)
    }

    /// Its form on a wire, made by `encode` the first time.
    package func text(_ encode: (SessionState) -> String?) -> String? {
        text.withLock { text in
            if text == nil { text = encode(state) }
            return text
        }
    }
}
