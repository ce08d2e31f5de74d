/// The payload of `Hitball/Handler_Sit`.
struct SitRequest: Codable, Sendable {
    var table: String
    var name: String
}

/// What `Hitball/Handler_Sit` answers.
struct SeatReply: Codable, Sendable, Equatable {
    var seat: Side
}

/// The payload of `Hitball/Handler_Watch` and `Hitball/Handler_Leave`.
struct TableRequest: Codable, Sendable {
    var table: String
}

/// The payload of `Hitball/Handler_Move`: where the player wants the middle of the paddle, 0 at the top and 600 at the bottom.
struct MoveRequest: Codable, Sendable {
    var table: String
    var y: Double
}

/// The payload of the push `Hitball/OnState`, 20 times a second.
struct TableState: Codable, Sendable, Equatable {
    enum Phase: String, Codable, Sendable {
        /// A seat is free.
        case waiting
        case serving
        case rally
        /// Somebody has won.
        case over

        init(_ phase: Game.Phase) {
            self =
                switch phase {
                case .serving: .serving
                case .rally: .rally
                case .over: .over
                }
        }
    }

    var table: String
    var phase: Phase
    /// The middle of the ball, x and y, of 1000 and 600.
    var ball: [Int]
    /// The middles of the paddles, of 600.
    var paddles: Sides<Int>
    var score: Sides<Int>
    /// The names of those who sit; null where a seat is free.
    var players: Sides<String?>
    var spectators: Int
}
