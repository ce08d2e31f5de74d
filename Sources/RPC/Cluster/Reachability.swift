/// Whether a peer answers.
package enum Reachability: Sendable, Hashable {
    /// It answers its neighbour in the ring.
    case reachable
    /// It does not, which proves nothing: it gets no new calls but those for its very instances.
    case unreachable
    /// Its queues are proven gone, or it said goodbye.
    case gone
}
