/// The ball: where its centre is, and where it goes. A pure value.
struct Ball: Sendable, Equatable {
    var x: Double
    var y: Double
    /// Units a second.
    var velocityX: Double
    var velocityY: Double

    init(x: Double, y: Double, velocityX: Double, velocityY: Double) {
        self.x = x
        self.y = y
        self.velocityX = velocityX
        self.velocityY = velocityY
    }

    /// A ball in the middle of the court that goes nowhere.
    static let resting = Ball(x: Court.width / 2, y: Court.height / 2, velocityX: 0, velocityY: 0)

    /// The side that it flies to; nil if it goes straight up or down, or rests.
    var direction: Side? { velocityX < 0 ? .left : velocityX > 0 ? .right : nil }

    var speed: Double { (velocityX * velocityX + velocityY * velocityY).squareRoot() }

    mutating func fly(_ seconds: Double) {
        x += velocityX * seconds
        y += velocityY * seconds
    }

    /// Turns it: towards a side, at a speed, `slope` units down for each unit across.
    mutating func head(to side: Side, speed: Double, slope: Double) {
        let across = speed / (1 + slope * slope).squareRoot()
        velocityX = side == .left ? -across : across
        velocityY = across * slope
    }

    /// What it meets next.
    enum Encounter: Equatable {
        case wall
        /// The line of a side's paddle, wherever the paddle is.
        case face(Side)
        /// The edge of the court.
        case edge(Side)
    }

    /// What it meets next, and in how many seconds; nil if it rests.
    var nextEncounter: (what: Encounter, seconds: Double)? {
        var next: (what: Encounter, seconds: Double)?
        func consider(_ what: Encounter, _ distance: Double, _ velocity: Double) {
            guard velocity != 0 else { return }
            let seconds = max(0, distance / velocity)
            if seconds < next?.seconds ?? .infinity { next = (what, seconds) }
        }
        consider(.wall, (velocityY < 0 ? Court.ballRadius : Court.height - Court.ballRadius) - y, velocityY)
        if let side = direction {
            let face = Court.face(of: side)
            if side == .left ? x > face : x < face { consider(.face(side), face - x, velocityX) }
            consider(.edge(side), (side == .left ? 0 : Court.width) - x, velocityX)
        }
        return next
    }
}
