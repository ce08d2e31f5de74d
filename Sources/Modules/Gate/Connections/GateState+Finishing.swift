import NIOCore

extension GateState {
    /// Ends all connections in good order: what clients have asked is answered, what they ask now is not read any more, so
    /// that it is not done either, and each connection ends with its last answer.
    ///
    /// While the Gate's queues are still there: so nobody is connected and deaf.
    /// - Parameter bound: how long modules may take to answer; what takes longer ends with `Shard.closeAll`.
    func finishConnections(within bound: Duration) async {
        groups.close()
        let deadline = ContinuousClock.now + bound
        for shard in shards { try? await shard.eventLoop.submit { shard.finishAll() }.get() }
        while ContinuousClock.now < deadline {
            var left = 0
            for shard in shards { left += (try? await shard.eventLoop.submit { shard.count }.get()) ?? 0 }
            if left == 0 { return }
            // Polled: this happens once in a process's life, and counting at every end would not be free.
            try? await Task.sleep(for: .milliseconds(10))
        }
    }
}
