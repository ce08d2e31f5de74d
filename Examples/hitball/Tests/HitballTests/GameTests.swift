import Testing

@testable import Hitball

/// The rules of a game, without a server.
@Suite struct GameTests {
    /// Plays in steps of 50 ms until something is so, for a minute at most.
    private func play(
        _ game: inout Game, until isSo: (Game) -> Bool, each step: (inout Game) -> Void = { _ in }
    ) throws {
        for _ in 0..<1200 {
            if isSo(game) { return }
            step(&game)
            game.advance(by: 0.05)
        }
        try #require(Bool(false), "nothing came of it in a minute: \(game)")
    }

    /// Has both players follow the ball.
    private func follow(_ game: inout Game) {
        for side in Side.allCases { game.move(side, to: game.ball.y) }
    }

    @Test func theBallIsServedAfterAPause() throws {
        var game = Game(pointsToWin: 3)
        game.advance(by: 0.95)
        #expect(game.ball == .resting)
        game.advance(by: 0.1)
        #expect(game.phase == .rally)
        #expect(game.ball.direction == .left)
        #expect(abs(game.ball.x - (500 - 0.05 * 420 / (1 + 0.35 * 0.35).squareRoot())) < 1e-6, "for 50 ms")
    }

    @Test func whoMissesGivesThePointAndIsServedTo() throws {
        var game = Game(pointsToWin: 3)
        // Nobody moves, and the first serve goes past the left paddle.
        try play(&game) { $0.score != Sides(left: 0, right: 0) }
        #expect(game.score == Sides(left: 0, right: 1))
        guard case .serving(.left, let pause) = game.phase else {
            Issue.record("\(game.phase)")
            return
        }
        #expect(pause <= Court.servePause)
        #expect(game.ball == .resting)
    }

    @Test func paddlesThatFollowKeepTheBallAndMakeItFaster() throws {
        var game = Game(pointsToWin: 3)
        var hits = 0
        var direction = Side.left
        try play(&game) { _ in
            hits == 20
        } each: { game in
            follow(&game)
            if let now = game.ball.direction, now != direction {
                hits += 1
                direction = now
            }
        }
        #expect(game.score == Sides(left: 0, right: 0))
        #expect(game.ball.speed > Court.serveSpeed * 2)
        #expect(game.ball.speed <= Court.topSpeed + 1e-6)
    }

    @Test func theOffsetOnThePaddleTurnsTheBall() {
        for (y, slope) in [(300.0, 0.0), (265, 0.5), (335, -0.5)] {
            var game = Game(pointsToWin: 3)
            game.phase = .rally
            game.ball = Ball(x: 60, y: 300, velocityX: -400, velocityY: 0)
            game.move(.left, to: y)
            for _ in 0..<10 { game.paddles.left.move(0.05) }
            game.advance(by: 0.05)
            #expect(game.ball.direction == .right)
            #expect(abs(game.ball.velocityY / game.ball.velocityX - slope) < 1e-9, "\(y)")
            #expect(abs(game.ball.speed - 400 * Court.acceleration) < 1e-9)
        }
    }

    @Test func wallsSendTheBallBack() {
        var game = Game(pointsToWin: 3)
        game.phase = .rally
        game.ball = Ball(x: 500, y: 20, velocityX: 0, velocityY: -400)
        game.advance(by: 0.05)
        #expect(game.ball == Ball(x: 500, y: 20, velocityX: 0, velocityY: 400), "10 units up, 10 down")
        game.advance(by: 10)
        #expect((10...590).contains(game.ball.y), "a step of any length stays in the court")
    }

    @Test func aFastBallDoesNotPassThroughAPaddle() {
        var game = Game(pointsToWin: 3)
        game.phase = .rally
        game.ball = Ball(x: 900, y: 300, velocityX: 100_000, velocityY: 0)
        game.advance(by: 0.001)
        #expect(game.ball.direction == .left)
        #expect(game.score == Sides(left: 0, right: 0))
    }

    @Test func paddlesAreNoFasterThanTheyMayBeAndStayInTheCourt() {
        var game = Game(pointsToWin: 3)
        game.move(.right, to: 1e300)
        game.advance(by: 0.1)
        #expect(abs(game.paddles.right.y - 390) < 1e-9, "90 units in 100 ms")
        game.advance(by: 0.5)
        #expect(game.paddles.right.y == 540)
        game.move(.right, to: .nan)
        game.move(.left, to: -.infinity)
        game.advance(by: 0.5)
        #expect(game.paddles == Sides(left: paddle(at: -.infinity), right: paddle(at: 1e300)))
        #expect(game.paddles.left.y == 60)
    }

    private func paddle(at y: Double) -> Paddle {
        var paddle = Paddle()
        paddle.head(to: y)
        paddle.move(10)
        return paddle
    }

    @Test func theGameIsOverAtThePointsThatWinAndAnotherBegins() throws {
        var game = Game(pointsToWin: 2)
        // The right player follows the ball; the left one looks away.
        try play(&game) {
            $0.score.right == 2
        } each: { game in
            game.move(.right, to: game.ball.y)
            game.move(.left, to: game.ball.y < 300 ? 600 : 0)
        }
        guard case .over(.right, _) = game.phase else {
            Issue.record("\(game.phase)")
            return
        }
        game.advance(by: Court.gamePause + 0.1)
        #expect(game.score == Sides(left: 0, right: 0))
        guard case .serving(.left, _) = game.phase else {
            Issue.record("\(game.phase)")
            return
        }
    }

    @Test func theStepDoesNotMatter() {
        var (one, many) = (Game(pointsToWin: 3), Game(pointsToWin: 3))
        for _ in 0..<30 { one.advance(by: 0.1) }
        for _ in 0..<300 { many.advance(by: 0.01) }
        #expect(one.score == many.score)
        #expect(abs(one.ball.x - many.ball.x) < 1e-6 && abs(one.ball.y - many.ball.y) < 1e-6)
    }
}
