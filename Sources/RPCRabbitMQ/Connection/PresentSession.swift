import Synchronization

/// The session that everything is sent on at the moment. The supervisor sets it, everybody else reads it.
final class PresentSession: Sendable {
    private struct State {
        var session: BrokerSession?
        var headerSpace: Int?
        var isShutDown = false
    }

    private let state = Mutex(State())

    /// nil while there is no connection.
    var session: BrokerSession? { state.withLock { $0.session } }

    /// Bytes of a message's headers, on this session or on the one before.
    var headerSpace: Int? { state.withLock { $0.headerSpace } }

    /// Whether no further session will come.
    var isShutDown: Bool { state.withLock { $0.isShutDown } }

    /// - Returns: false after `shutDown`: then the session is not wanted.
    func begin(_ session: BrokerSession) -> Bool {
        state.withLock { state in
            guard !state.isShutDown else { return false }
            state.session = session
            state.headerSpace = session.headerSpace ?? state.headerSpace
            return true
        }
    }

    /// The session is over.
    func end() { state.withLock { $0.session = nil } }

    /// - Returns: the last session, which its user has to end.
    func shutDown() -> BrokerSession? {
        state.withLock { state in
            state.isShutDown = true
            return state.session
        }
    }
}
