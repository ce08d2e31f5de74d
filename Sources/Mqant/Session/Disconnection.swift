/// What Gates are told, as a push to a user's group, to have them end the user's sessions; and what clients then get.
package struct Disconnection: Codable, Sendable {
    /// The topic that tells these pushes from those to clients; MQTT keeps topics with `$` for servers (3.1.1 §4.7.2).
    package static let topic = "$disconnect"
    /// The topic of the push that a client gets before its connection is closed.
    package static let clientTopic = "Gate/OnKick"

    /// Text for the user.
    package var reason: String

    package init(reason: String) { self.reason = reason }
}
