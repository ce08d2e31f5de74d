import NIOCore
import NIOPosix
import Synchronization

/// Puts work off to the end of the turn of the event loop that the caller is on, once for each turn: a Gate's loop reads many
/// connections in a turn, and what they ask shall leave together. The broker's cost is per message.
final class TurnEnd: Sendable {
    private let loops = Mutex<Set<ObjectIdentifier>>([])

    /// Has `body` called at the end of this turn, unless one waits for that already; at once where there is no event loop.
    func run(_ body: @escaping @Sendable () -> Void) {
        guard let loop = MultiThreadedEventLoopGroup.currentEventLoop else { return body() }
        let id = ObjectIdentifier(loop)
        guard loops.withLock({ $0.insert(id).inserted }) else { return }
        loop.execute {
            self.loops.withLock { _ = $0.remove(id) }
            body()
        }
    }
}
