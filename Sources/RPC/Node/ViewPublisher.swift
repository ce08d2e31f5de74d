import Logging
import Synchronization

/// Tells observers, readers of events, owners of groups and the log what has changed in the cluster.
final class ViewPublisher: Sendable {
    private let core: NodeCore
    private let groups: GroupService

    init(_ core: NodeCore, _ groups: GroupService) {
        self.core = core
        self.groups = groups
    }

    /// Tells all what has changed since they were told last.
    func publish() {
        let news = core.state.withLock { state in
            let news = state.observers.news(of: state.view)
            // Under the lock, so that the last one stays.
            if let queues = state.observers.newBatchReaders(of: state.view) { core.transport.setBatchReaders(queues) }
            if let view = news.view {
                for server in state.instances.servers.values {
                    server.tellsLoad = view.candidates(of: server.type).count > 1
                }
            }
            return news
        }
        if let view = news.view { groups.viewChanged(view) }
        for observer in news.observers { observer() }
        for line in news.lines { log(line) }
    }

    private func log(_ line: MembershipChanges.Line) {
        let metadata: Logger.Metadata = ["instance": "\(line.instance)", "host": "\(line.host)"]
        switch line.reachability {
        case .reachable: core.logger.info("instance is live", metadata: metadata)
        case .unreachable: core.logger.warning("instance is unreachable", metadata: metadata)
        case .gone: core.logger.info("instance is gone", metadata: metadata)
        }
    }

    /// Has `observer` called after every change; see `RPCNode.observeView`.
    func observe(_ observer: @escaping @Sendable () -> Void) {
        core.state.withLock { $0.observers.add(observer) }
    }

    /// What happens to other nodes, and first who is there.
    func events() -> AsyncStream<MembershipEvent> {
        let (stream, continuation) = AsyncStream<MembershipEvent>.makeStream(bufferingPolicy: .bufferingNewest(1024))
        guard let reader = core.state.withLock({ $0.observers.add(continuation) }) else {
            continuation.finish()
            return stream
        }
        continuation.onTermination = { [weak core] _ in
            core?.state.withLock { $0.observers.remove(reader) }
        }
        return stream
    }

    /// Ends what readers of events read.
    func close() {
        for reader in core.state.withLock({ $0.observers.close() }) { reader.finish() }
    }
}
