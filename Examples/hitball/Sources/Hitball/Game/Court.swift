/// The measures of the game. Lengths are units of the court, x grows to the right and y downwards; times are seconds.
enum Court {
    static let width = 1000.0
    static let height = 600.0
    static let ballRadius = 10.0
    /// How far a paddle's face stands from its side's edge.
    static let paddleDistance = 40.0
    /// Half of a paddle's length.
    static let paddleReach = 60.0
    /// The most that a paddle moves in a second.
    static let paddleSpeed = 900.0
    /// The ball's speed when it is served, in units a second.
    static let serveSpeed = 420.0
    /// By how much each hit makes the ball faster, and the speed at which that ends.
    static let acceleration = 1.06
    static let topSpeed = 1100.0
    /// The time from a point to the next serve.
    static let servePause = 1.0
    /// The time from the end of a game to the next one.
    static let gamePause = 4.0

    /// Where the centre of the ball is when it meets a side's paddle.
    static func face(of side: Side) -> Double {
        side == .left ? paddleDistance + ballRadius : width - paddleDistance - ballRadius
    }
}
