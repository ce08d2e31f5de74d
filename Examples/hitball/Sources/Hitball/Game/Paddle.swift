/// A paddle: where its middle is, and where its player wants it. A pure value.
struct Paddle: Sendable, Equatable {
    private(set) var y = Court.height / 2
    private var target = Court.height / 2

    /// Says where it is to go. It goes there no faster than paddles do, and stays in the court.
    ///
    /// - Parameter y: what a client sent: any number, or none at all (NaN), which is passed over.
    mutating func head(to y: Double) {
        guard !y.isNaN else { return }
        target = min(max(y, Court.paddleReach), Court.height - Court.paddleReach)
    }

    mutating func move(_ seconds: Double) {
        let step = Court.paddleSpeed * seconds
        y += min(max(target - y, -step), step)
    }

    /// Where a ball at this height meets it: -1 at its upper end, 0 in the middle, 1 at its lower end; nil if it misses.
    func offset(of ball: Ball) -> Double? {
        let offset = (ball.y - y) / (Court.paddleReach + Court.ballRadius)
        return abs(offset) <= 1 ? offset : nil
    }
}
