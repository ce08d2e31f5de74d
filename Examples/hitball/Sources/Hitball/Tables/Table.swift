import Mqant

/// A table: a game, who plays it, and who watches. A pure value.
///
/// The game stands still unless both seats are taken. A player who is back, by the name, finds it as it was; somebody else begins
/// a new one.
struct Table: Sendable {
    /// Why a visit was refused.
    enum Refusal: Error, Equatable {
        case bothSeatsAreTaken
    }

    let name: TableName
    private(set) var game: Game
    private(set) var visits: [SessionID: Visit] = [:]
    /// Who sits, or sat last, on each side.
    private var seats = Sides(left: Seat(), right: Seat())

    private struct Seat {
        var session: SessionID?
        var name: String?
    }

    init(name: TableName, pointsToWin: Int) {
        self.name = name
        game = Game(pointsToWin: pointsToWin)
    }

    var isEmpty: Bool { visits.isEmpty }

    /// Both seats are taken.
    var isOn: Bool { seats.left.session != nil && seats.right.session != nil }

    /// Begins a visit as a spectator, in place of the one that the session is at, if any.
    mutating func watch(_ session: SessionID) -> Visit {
        standUp(session)
        let visit = Visit(side: nil)
        visits[session] = visit
        return visit
    }

    /// Begins a visit as a player, in place of the one that the session is at, if any. The seat is the one that it has, or that the
    /// player had before, by the name, or else the first free one.
    mutating func sit(_ session: SessionID, _ name: String) throws(Refusal) -> Visit {
        let free = Side.allCases.filter { seats[$0].session == nil || seats[$0].session == session }
        guard let side = free.first(where: { seats[$0].session == session || seats[$0].name == name }) ?? free.first
        else {
            throw .bothSeatsAreTaken
        }
        let visit = Visit(side: side)
        visits[session] = visit
        if let former = seats[side].name, former != name { game = Game(pointsToWin: game.pointsToWin) }
        seats[side] = Seat(session: session, name: name)
        return visit
    }

    /// Ends a visit. The player's name stays at the seat.
    mutating func leave(_ session: SessionID) {
        standUp(session)
        visits[session] = nil
    }

    /// Ends the visit that has this ticket, if it is not over yet.
    mutating func end(ticket: String) {
        guard let session = visits.first(where: { $0.value.ticket == ticket })?.key else { return }
        leave(session)
    }

    private mutating func standUp(_ session: SessionID) {
        guard let side = visits[session]?.side else { return }
        seats[side].session = nil
        visits[session]?.side = nil
    }

    /// Says where a player wants the paddle; of a spectator it is passed over.
    mutating func move(_ session: SessionID, to y: Double) {
        guard let side = visits[session]?.side else { return }
        game.move(side, to: y)
    }

    /// Plays on, if somebody sits on each side.
    mutating func advance(by seconds: Double) {
        if isOn { game.advance(by: seconds) }
    }

    /// What all at the table are told.
    var state: TableState {
        func player(_ side: Side) -> String? { seats[side].session == nil ? nil : seats[side].name }
        return TableState(
            table: name.text, phase: isOn ? TableState.Phase(game.phase) : .waiting,
            ball: [Int(game.ball.x.rounded()), Int(game.ball.y.rounded())],
            paddles: Sides(left: Int(game.paddles.left.y.rounded()), right: Int(game.paddles.right.y.rounded())),
            score: game.score, players: Sides(left: player(.left), right: player(.right)),
            spectators: visits.values.count { $0.side == nil })
    }
}
