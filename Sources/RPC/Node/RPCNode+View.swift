import Logging
import Synchronization

extension RPCNode {
    /// A copy of what this node knows of the cluster.
    package var view: ClusterView { state.withLock { $0.view } }

    /// Has `observer` called after every change of who is live or suspected, or of the queues of this node's own instances.
    ///
    /// It is called on any thread, maybe several at a time, must not block, and reads `view` itself: two changes that
    /// follow each other may be seen as one. Observers stay as long as the node.
    package func observeView(_ observer: @escaping @Sendable () -> Void) {
        state.withLock { $0.viewObservers.append(observer) }
    }

    /// Calls the observers, and tells the log, if the view is another one than they were told of last.
    func tellViewObservers() {
        let (view, observers, changes): (ClusterView?, [@Sendable () -> Void], [MembershipLog.Change]) = state.withLock
        {
            state in
            guard state.view.version != state.observedVersion else { return (nil, [], []) }
            state.observedVersion = state.view.version
            return (state.view, state.viewObservers, state.membershipLog.changes(in: state.view))
        }
        if let view { groups.viewChanged(view) }
        for observer in observers { observer() }
        for change in changes {
            let metadata: Logger.Metadata = ["instance": "\(change.instance)", "host": "\(change.host)"]
            switch change.standing {
            case .live: logger.info("instance is live", metadata: metadata)
            case .suspected: logger.warning("instance is silent", metadata: metadata)
            case .gone: logger.info("instance is gone", metadata: metadata)
            }
        }
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
