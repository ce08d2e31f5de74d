import NIOCore

/// Whom this node probes, and who of them does not answer.
///
/// All nodes of a broker, sorted by their names, are a ring. Each node probes the next one, which answers, so a cluster of any
/// size costs one probe and one answer a node and interval. A probe that comes back proves that the neighbour is gone.
/// A neighbour that has not answered the last probe cannot be relied on to look after those behind it, so these are probed too.
///
/// A node that joined after another was killed never heard of it and cannot detect its death. So a node also probes the
/// members behind its neighbour that it has not heard since the neighbour joined. A pure value.
struct RingFailureDetector: Sendable {
    /// What follows from the time.
    struct Round: Sendable, Equatable {
        /// Where to send probes.
        var queues: [QueueName] = []
        /// Peers that have not answered for too long.
        var unreachable: [NodeID] = []
    }

    /// Since when a peer that is probed has not answered.
    private var unanswered: [NodeID: NIODeadline] = [:]

    /// The peer gave a sign of life.
    mutating func heard(_ peer: NodeID) { unanswered[peer] = nil }

    /// Nobody's silence so far counts: nobody could be heard.
    mutating func forget() { unanswered = [:] }

    /// Decides whom to probe now.
    /// - Parameters:
    ///   - ring: the peers in the order of the ring, from the one behind this node on.
    ///   - isJudging: whether silence counts.
    mutating func round(
        _ ring: some Sequence<NodeID>, _ peers: [NodeID: MembershipTable.Peer], isJudging: Bool, now: NIODeadline,
        _ timing: MembershipTiming
    ) -> Round {
        var round = Round()
        if !isJudging { forget() }
        var left = timing.maximumProbed
        var probed = 0
        /// Since when somebody in between looks after those behind; nil: nobody does.
        var watched: NIODeadline?
        for name in ring where left > 0 && probed < 8 * timing.maximumProbed {
            guard let peer = peers[name] else { continue }
            // Those that are unreachable hide nobody, however many they are.
            if peer.reachability == .reachable { left -= 1 }
            if let watched, peer.heard >= watched { continue }
            probed += 1
            round.queues += peer.probedQueues
            let since = unanswered[name]
            if isJudging, !peer.probedQueues.isEmpty {
                unanswered[name] = since ?? now
                if let since, peer.reachability == .reachable, now - since >= timing.unreachableTime {
                    round.unreachable.append(name)
                }
            }
            let answers = since == nil && now - peer.heard < timing.answerTime
            if watched == nil, peer.isProbing, answers, peer.reachability == .reachable {
                // Whoever is heard later than this was there when the neighbour asked who is there.
                watched = peer.since.map { $0 + timing.acquaintance } ?? .distantFuture
            }
        }
        return round
    }
}
