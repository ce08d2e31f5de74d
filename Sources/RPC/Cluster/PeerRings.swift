/// The peers at each broker in the order of their names: rings that have this node in them. A pure value.
struct PeerRings: Sendable {
    private struct Place: Sendable {
        /// The name that the peer itself knows.
        var name: NodeID
        /// The name by which this node knows it.
        var node: NodeID
    }

    private var rings: [Int: [Place]] = [:]

    mutating func insert(_ node: NodeID, named name: NodeID, at broker: Int) {
        let ring = rings[broker] ?? []
        rings[broker, default: []].insert(Place(name: name, node: node), at: Self.index(of: name, in: ring))
    }

    mutating func remove(_ node: NodeID, at broker: Int) {
        rings[broker]?.removeAll { $0.node == node }
        if rings[broker]?.isEmpty == true { rings[broker] = nil }
    }

    /// Each ring, from the peer behind a node on.
    func behind(_ own: NodeID) -> [some Sequence<NodeID>] {
        rings.values.map { ring in
            let next = Self.index(of: own, in: ring)
            return [ring[next...], ring[..<next]].lazy.joined().map(\.node)
        }
    }

    /// Where a name is in a ring, or would be.
    private static func index(of name: NodeID, in ring: [Place]) -> Int {
        var (low, high) = (0, ring.count)
        while low < high {
            let middle = (low + high) / 2
            if ring[middle].name < name { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
