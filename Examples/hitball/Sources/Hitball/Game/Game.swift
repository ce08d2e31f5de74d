/// A game: a ball, two paddles, the score. A pure value, and the only one who decides: clients say where they want their paddles.
///
/// There is no clock and no chance in it: the same moves at the same times make the same game.
struct Game: Sendable, Equatable {
    enum Phase: Sendable, Equatable {
        /// The ball rests until it is served to this side, in so many seconds.
        case serving(Side, in: Double)
        case rally
        /// This side has won; the next game begins in so many seconds.
        case over(winner: Side, next: Double)
    }

    /// The points that win.
    let pointsToWin: Int
    var phase = Phase.serving(.left, in: Court.servePause)
    var ball = Ball.resting
    var paddles = Sides(left: Paddle(), right: Paddle())
    private(set) var score = Sides(left: 0, right: 0)
    /// Counts serves, so that they differ.
    private var serves = 0
    /// The slopes of the serves, one after the other.
    private static let slopes = [0.35, -0.55, 0.15, -0.25, 0.6, -0.4]

    init(pointsToWin: Int) { self.pointsToWin = pointsToWin }

    /// Says where a player wants the middle of the paddle.
    mutating func move(_ side: Side, to y: Double) { paddles[side].head(to: y) }

    /// Plays on for so many seconds, through all that the ball meets meanwhile.
    mutating func advance(by seconds: Double) {
        for side in Side.allCases { paddles[side].move(seconds) }
        var rest = seconds
        while rest > 0 {
            switch phase {
            case .serving(let side, let pause):
                let waited = min(pause, rest)
                rest -= waited
                if waited < pause { phase = .serving(side, in: pause - waited) } else { serve(to: side) }
            case .rally:
                rest -= rally(rest)
            case .over(let winner, let pause):
                let waited = min(pause, rest)
                rest -= waited
                if waited < pause { phase = .over(winner: winner, next: pause - waited) } else { begin(winner.other) }
            }
        }
    }

    private mutating func begin(_ receiver: Side) {
        score = Sides(left: 0, right: 0)
        phase = .serving(receiver, in: Court.servePause)
    }

    private mutating func serve(to side: Side) {
        ball.head(to: side, speed: Court.serveSpeed, slope: Self.slopes[serves % Self.slopes.count])
        serves += 1
        phase = .rally
    }

    /// Lets the ball fly to what it meets next, for at most so many seconds.
    /// - Returns: the seconds that it took.
    private mutating func rally(_ most: Double) -> Double {
        guard let next = ball.nextEncounter, next.seconds <= most else {
            ball.fly(most)
            return most
        }
        ball.fly(next.seconds)
        switch next.what {
        case .wall: ball.velocityY.negate()
        case .face(let side): meet(side)
        case .edge(let side): miss(side)
        }
        return next.seconds
    }

    private mutating func meet(_ side: Side) {
        guard let offset = paddles[side].offset(of: ball) else {
            // It is through, by the smallest step there is: the next thing it meets is the edge.
            let face = Court.face(of: side)
            ball.x = side == .left ? face.nextDown : face.nextUp
            return
        }
        ball.x = Court.face(of: side)
        ball.head(to: side.other, speed: min(ball.speed * Court.acceleration, Court.topSpeed), slope: offset)
    }

    private mutating func miss(_ side: Side) {
        ball = .resting
        score[side.other] += 1
        phase =
            score[side.other] >= pointsToWin
            ? .over(winner: side.other, next: Court.gamePause) : .serving(side, in: Court.servePause)
    }
}
