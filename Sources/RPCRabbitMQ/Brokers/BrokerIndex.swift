import MqantRPC

/// Which of a node's brokers something is at. The node's names of what is not at the first one carry it.
struct BrokerIndex: Hashable, Sendable {
    let number: Int

    /// No queue's and no node's name holds it.
    private static let separator: Character = "\u{1}"

    /// A broker's own name of something as the node knows it.
    func qualified<Name: Identifier>(_ name: Name) -> Name {
        number == 0 ? name : Name("\(number)\(Self.separator)\(name)")
    }

    /// The other way round. A name that is none of ours is the first broker's.
    static func split<Name: Identifier>(_ name: Name) -> (broker: BrokerIndex, name: Name) {
        let text = name.rawValue
        guard let end = text.utf8.firstIndex(of: 1), let number = Int(text[..<end]) else {
            return (BrokerIndex(number: 0), name)
        }
        return (BrokerIndex(number: number), Name(String(text[text.utf8.index(after: end)...])))
    }
}
