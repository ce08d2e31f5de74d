import Mqant
import Synchronization

/// The connected sessions of a Gate, by session id and by MQTT client id.
final class SessionDirectory: Sendable {
    private struct State {
        var connections: [SessionID: ClientConnection] = [:]
        var clientIDs: [TextKey: ClientConnection] = [:]
    }

    private let state = Mutex(State())

    var count: Int { state.withLock { $0.connections.count } }

    subscript(id: SessionID) -> ClientConnection? { state.withLock { $0.connections[id] } }

    /// Adds a session.
    /// - Returns: the connection that had the client id before: it is to be closed (MQTT 3.1.1 §3.1.4-2).
    func add(_ connection: ClientConnection, id: SessionID, clientID: String) -> ClientConnection? {
        state.withLock { state in
            state.connections[id] = connection
            guard !clientID.isEmpty else { return nil }
            return state.clientIDs.updateValue(connection, forKey: TextKey(clientID))
        }
    }

    func remove(_ connection: ClientConnection, id: SessionID, clientID: String) {
        state.withLock { state in
            state.connections[id] = nil
            let key = TextKey(clientID)
            if state.clientIDs[key] === connection { state.clientIDs[key] = nil }
            // A dictionary keeps the room of its largest time; give it back when nobody is there.
            if state.connections.isEmpty { state = State() }
        }
    }
}
