import Logging
import Synchronization

extension RPCNode {
    /// A copy of what this node knows of the cluster.
    package var view: ClusterView { state.withLock { $0.view } }

    /// Has `observer` called after every change of who is live or unreachable, or of the queues of this node's own instances.
    ///
    /// It is called on any thread, maybe several at a time, must not block, and reads `view` itself: two changes that
    /// follow each other may be seen as one. Observers stay as long as the node.
    package func observeView(_ observer: @escaping @Sendable () -> Void) {
        state.withLock { $0.viewObservers.append(observer) }
    }

    /// What happens to other nodes, and first who is there. A reader that is more than 1024 events behind loses the oldest.
    package func membershipEvents() -> AsyncStream<MembershipEvent> {
        let (stream, continuation) = AsyncStream<MembershipEvent>.makeStream(bufferingPolicy: .bufferingNewest(1024))
        let number: UInt64? = state.withLock { state in
            guard !state.isShutDown else { return nil }
            state.lastReader += 1
            for event in state.changes.introduction { continuation.yield(event) }
            state.eventReaders[state.lastReader] = continuation
            return state.lastReader
        }
        guard let number else {
            continuation.finish()
            return stream
        }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { _ = $0.eventReaders.removeValue(forKey: number) }
        }
        return stream
    }

    /// Tells observers, readers of events and the log what has changed since they were told last.
    func tellViewObservers() {
        let news: News = state.withLock { state in
            var news = News()
            let (events, lines) = state.changes.changes(in: state.view.members)
            // Here, so that all readers see one order. It calls nobody back.
            for event in events { for reader in state.eventReaders.values { reader.yield(event) } }
            news.lines = lines
            if let queues = state.newBatchReaders() { transport.setBatchReaders(queues) }
            guard state.view.version != state.observedVersion else { return news }
            state.observedVersion = state.view.version
            news.view = state.view
            news.observers = state.viewObservers
            for server in state.servers.values {
                server.tellsLoad = state.view.candidates(of: server.type).count > 1
            }
            return news
        }
        if let view = news.view { groups.viewChanged(view) }
        for observer in news.observers { observer() }
        for line in news.lines {
            let metadata: Logger.Metadata = ["instance": "\(line.instance)", "host": "\(line.host)"]
            switch line.reachability {
            case .reachable: logger.info("instance is live", metadata: metadata)
            case .unreachable: logger.warning("instance is unreachable", metadata: metadata)
            case .gone: logger.info("instance is gone", metadata: metadata)
            }
        }
    }

    /// What somebody has to be told.
    private struct News {
        var view: ClusterView?
        var observers: [@Sendable () -> Void] = []
        var lines: [MembershipChanges.Line] = []
    }

    /// True if any live instance of the type is known.
    package func hasInstance(of type: ModuleType) -> Bool {
        state.withLock { !$0.view.candidates(of: type).isEmpty }
    }

    /// True if more than one live instance of the type is known.
    package func hasSeveralInstances(of type: ModuleType) -> Bool {
        state.withLock { $0.view.candidates(of: type).count > 1 }
    }
}

extension RPCNode.State {
    /// The queues of other nodes that take batches, if these are others than before.
    fileprivate mutating func newBatchReaders() -> Set<QueueName>? {
        guard view.members.revision != readersRevision else { return nil }
        readersRevision = view.members.revision
        let queues = view.members.batchReaders
        guard queues != batchReaders else { return nil }
        batchReaders = queues
        return queues
    }
}
