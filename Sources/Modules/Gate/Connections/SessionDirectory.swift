import Mqant
import Synchronization

/// The connected sessions of a Gate, by session id and by MQTT client id.
final class SessionDirectory: Sendable {
    private struct State {
        var sessions: [SessionID: ClientSession] = [:]
        var clientIDs: [TextKey: ClientSession] = [:]
    }

    private let state = Mutex(State())

    var count: Int { state.withLock { $0.sessions.count } }

    subscript(id: SessionID) -> ClientSession? { state.withLock { $0.sessions[id] } }

    /// Adds a session.
    /// - Returns: the session that had the client id before: it is to be closed (MQTT 3.1.1 §3.1.4-2).
    func add(_ session: ClientSession) -> ClientSession? {
        state.withLock { state in
            state.sessions[session.id] = session
            guard !session.clientID.isEmpty else { return nil }
            return state.clientIDs.updateValue(session, forKey: TextKey(session.clientID))
        }
    }

    func remove(_ session: ClientSession) {
        state.withLock { state in
            state.sessions[session.id] = nil
            let key = TextKey(session.clientID)
            if state.clientIDs[key] === session { state.clientIDs[key] = nil }
            // A dictionary keeps the room of its largest time; give it back when nobody is there.
            if state.sessions.isEmpty { state = State() }
        }
    }
}
