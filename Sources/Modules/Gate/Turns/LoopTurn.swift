import NIOCore

/// The turn of one event loop.
///
/// `@unchecked Sendable`: touched on that loop only.
final class LoopTurn: @unchecked Sendable {
    var budget = TurnBudget()
}
