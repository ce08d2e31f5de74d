/// Which of a node's brokers have brought its own probe back since all of them last had.
///
/// A node with several brokers hears itself only if it does so at each: the silence of nodes that it meets at a broker
/// whose echo is missing says nothing of them.
struct EchoRound {
    private let brokers: Set<BrokerIndex>
    private var missing: Set<BrokerIndex>

    init(of count: Int) {
        brokers = Set((0..<count).map { BrokerIndex(number: $0) })
        missing = brokers
    }

    /// A probe came back from a broker.
    /// - Returns: whether it was the last that was missing. Then the next round begins.
    mutating func heard(_ broker: BrokerIndex) -> Bool {
        missing.remove(broker)
        guard missing.isEmpty else { return false }
        missing = brokers
        return true
    }
}
