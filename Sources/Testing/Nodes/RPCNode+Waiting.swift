import MqantRPC

extension RPCNode {
    /// Returns once what this node knows of the cluster is as it should be, or the node is not there any more.
    ///
    /// - Throws: `TestFailure` if that takes 10 s.
    func wait(
        for what: String, while isLive: () -> Bool = { true }, _ holds: (ClusterView) -> Bool
    ) async throws {
        let end = ContinuousClock.now + .seconds(10)
        while isLive(), !holds(view) {
            guard ContinuousClock.now < end else { throw TestFailure("\(what) did not come about within 10 s") }
            // Polled: a view has observers, a node's death has none.
            try await Task.sleep(for: .milliseconds(1))
        }
    }
}
