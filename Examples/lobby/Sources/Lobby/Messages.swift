/// The payload of `Lobby/Handler_Find`. A game of yours takes name and rating from its accounts, not from the client.
struct FindRequest: Codable, Sendable {
    var queue: String
    var name: String
    var rating: Int
}

/// The payload of `Lobby/Handler_Cancel`.
struct CancelRequest: Codable, Sendable {
    var queue: String
}

/// The payload of the push `Lobby/OnMatch`.
struct Match: Codable, Sendable, Equatable {
    struct Opponent: Codable, Sendable, Equatable {
        var name: String
        var rating: Int
    }

    var queue: String
    /// Where the two meet, such as Hitball's `table`: the same text for both.
    var table: String
    var opponent: Opponent
}
