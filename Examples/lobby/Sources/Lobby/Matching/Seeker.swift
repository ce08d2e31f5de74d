/// One who waits for an opponent. A pure value.
///
/// Its JSON is the name under which the session is in the queue's group: so all there is to know stands where the connection is,
/// and any Lobby can take the queue over.
struct Seeker: Codable, Sendable, Equatable {
    /// Names this wait, and no earlier or later one of the same player.
    var ticket: String
    var name: String
    var rating: Int
    /// When the wait began, in seconds since 1970.
    var since: Double
}
