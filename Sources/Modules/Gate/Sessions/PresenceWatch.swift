import Mqant
import NIOCore
import Synchronization

/// Has modules told again who is in their groups whenever the cluster changes.
final class PresenceWatch: Sendable {
    private let shards: [Shard]
    private let isWatching = Mutex(false)

    init(shards: [Shard]) { self.shards = shards }

    func begin(_ node: RPCNode) {
        isWatching.withLock { $0 = true }
        node.observeView { [weak self] in self?.clusterChanged() }
        clusterChanged()
    }

    private func clusterChanged() {
        isWatching.withLock { isWatching in
            guard isWatching else { return }
            for shard in shards { shard.eventLoop.execute { shard.renewPresences(all: false) } }
        }
    }

    /// From the return on, no event loop is used any more.
    func end() { isWatching.withLock { $0 = false } }
}
