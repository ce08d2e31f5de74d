import NIOCore
import NIOPosix
import Synchronization

/// Tells each shard of the ends of its event loop's turns. NIO runs tasks for as long as there are any before it looks
/// at the sockets again, so no task can tell: only the loop itself does.
///
/// `@unchecked Sendable`: `turns` is written once, before `isReady` is set with releasing order, and read after that
/// was loaded with acquiring order.
final class TurnEnds: NIOEventLoopMetricsDelegate, @unchecked Sendable {
    /// Not the shards themselves: a loop holds this object, and a shard its loop.
    private var turns: [ObjectIdentifier: LoopTurn] = [:]
    private let isReady = Atomic(false)

    /// From now on the shards are told. Called once.
    func begin(_ shards: [Shard]) {
        guard !isReady.load(ordering: .acquiring) else { return }
        for shard in shards { turns[ObjectIdentifier(shard.eventLoop)] = shard.loopTurn }
        isReady.store(true, ordering: .releasing)
    }

    func processedTick(info: NIOEventLoopTickInfo) {
        guard isReady.load(ordering: .acquiring) else { return }
        turns[info.eventLoopID]?.budget.turnEnded()
    }
}

/// The turn of one event loop.
///
/// `@unchecked Sendable`: touched on that loop only.
final class LoopTurn: @unchecked Sendable {
    var budget = TurnBudget()
}
