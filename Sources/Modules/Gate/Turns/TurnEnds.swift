import NIOCore
import NIOPosix
import Synchronization

/// Tells the turn of each event loop when it ends. NIO runs tasks for as long as there are any before it looks at the
/// sockets again, so no task can tell: only the loop itself does.
///
/// `@unchecked Sendable`: `turns` is written once, before `isReady` is set with releasing order, and read after that
/// was loaded with acquiring order.
final class TurnEnds: NIOEventLoopMetricsDelegate, @unchecked Sendable {
    /// Not the shards themselves: a loop holds this object, and a shard its loop.
    private var turns: [ObjectIdentifier: LoopTurn] = [:]
    private let isReady = Atomic(false)

    /// From now on the turns of these loops are told. Called once.
    func begin(_ loops: [(eventLoop: any EventLoop, turn: LoopTurn)]) {
        guard !isReady.load(ordering: .acquiring) else { return }
        for (eventLoop, turn) in loops { turns[ObjectIdentifier(eventLoop)] = turn }
        isReady.store(true, ordering: .releasing)
    }

    func processedTick(info: NIOEventLoopTickInfo) {
        guard isReady.load(ordering: .acquiring) else { return }
        turns[info.eventLoopID]?.budget.turnEnded()
    }
}
