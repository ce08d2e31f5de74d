@testable import MqantRPC

/// Two Gates, three instances that own keys, one group, and the broker between them: what can happen next at any moment, and what
/// is then. A pure value; `OwnershipExplorer` goes through all of it.
///
/// Queues are first in, first out. What a Gate tells owners leaves it in order, one message at a time, whenever it likes, and is answered
/// as soon as it is taken in; pushes and deliveries are in their queues at once, and are answered at once, which is the hardest case. News of who came and went
/// take a queue of their own, so that nodes differ in whom they take to be live.
struct OwnershipWorld: Hashable {
    typealias Owner = GroupOwner<Int>

    enum Message: Hashable {
        case subscription(Subscriptions.Parcel, from: Int, at: QueueAddress)
        case delivery(Owner.Delivery, from: Int)
        case push(Int)
        case verdicts([UserVerdict], from: Int, taken: UInt64)
    }

    enum News: Hashable {
        case live(Int)
        case leaving(Int)
        case gone(Int)
        case moved(Int, QueueAddress)
    }

    enum Standing: Hashable {
        case live, leaving
    }

    /// What one node takes another to be.
    struct Known: Hashable {
        var address: QueueAddress
        var standing: Standing
    }

    struct Node: Hashable {
        var isAlive = false
        var isConnected = true
        var address: QueueAddress
        var queue: [Message] = []
        var news: [News] = []
        var known: [Int: Known] = [:]
        // A Gate's:
        var outbox: [Subscriptions.Parcel] = []
        var subscriptions = Subscriptions()
        /// In their queues, and not taken in yet.
        var untaken: [Subscriptions.Parcel] = []
        /// Pushes that wait for an owner.
        var homeless: [Int] = []
        // An owner's:
        var owner: Owner
        /// Pushes that are not answered yet: the connection broke before their deliveries were in the queues.
        var unanswered: Set<Int> = []
    }

    struct Member: Hashable {
        enum Standing: Hashable {
            case away, joining, joined
        }

        var standing = Standing.away
        var heard: [Int] = []
    }

    struct Push: Hashable {
        /// Members who were there when it began, and have not left since.
        var audience: Set<Int> = []
        var isAnswered = false
        var isLost = false
        var owner: Int?
    }

    struct Login: Hashable {
        enum Standing: Hashable {
            case absent, asking, bound, refused, superseded, left
        }

        var gate: Int
        var standing = Standing.absent
        /// Sessions that were bound before this one asked.
        var elders: Set<Int> = []
    }

    let group: GroupName
    let policy: LoginPolicy
    let flaw: OwnershipModel.Flaw?
    /// Gates whose members join something; another one only sends pushes, and tells nobody of itself.
    let subscribers: Set<Int>
    var nodes: [Node]
    /// One at each Gate.
    var members = [Member(), Member()]
    var pushes: [Int: Push] = [:]
    /// Sessions of one user: those of the scenario, in the order in which it names them.
    var logins: [Int: Login] = [:]
    /// What remains of the scenario: events of one line happen one after the other.
    var script: [[OwnershipModel.Event]]

    static let gates = 0..<2
    static let owners = 2..<5
    static let names: [InstanceID] = ["G0", "G1", "A", "B", "C"]

    static func id(_ node: Int) -> IncarnationID { IncarnationID(names[node], on: NodeID(names[node].rawValue)) }
    static func node(_ id: IncarnationID) -> Int { names.firstIndex(of: id.instance) ?? -1 }

    /// - Parameter owners: those that are there from the beginning.
    init(
        key: String, owners: [Int], script: [[OwnershipModel.Event]], policy: LoginPolicy = .kick,
        flaw: OwnershipModel.Flaw? = nil
    ) {
        group = GroupName(key)
        self.policy = policy
        self.flaw = flaw
        self.script = script
        subscribers = Set(
            script.joined().compactMap { event in
                switch event {
                case .join(let member): member
                case .login(_, let gate): gate
                default: nil
                }
            })
        for case .login(let session, let gate) in script.joined() { logins[session] = Login(gate: gate) }
        nodes = Self.names.map {
            Node(address: QueueAddress(QueueName("\($0)"), generation: 1), owner: Owner($0))
        }
        for node in Array(Self.gates) + owners { nodes[node].isAlive = true }
        for node in Array(Self.gates) + owners { acquaint(node) }
        // What Gates say at their start has arrived.
        while let node = nodes.indices.first(where: { !nodes[$0].outbox.isEmpty }) { flush(node) }
        while let node = nodes.indices.first(where: { !nodes[$0].queue.isEmpty }) { consume(node) }
    }
}
