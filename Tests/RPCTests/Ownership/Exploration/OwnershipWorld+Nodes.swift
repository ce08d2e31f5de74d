@testable import MqantRPC

/// Who is there, and who knows it.
extension OwnershipWorld {
    /// A node gets to know everybody who is there; they get to know it by the news.
    mutating func acquaint(_ node: Int) {
        nodes[node].known = [:]
        for other in nodes.indices where other != node && nodes[other].isAlive {
            let isLeaving = script.contains { $0.first == .stops(other) }
            nodes[node].known[other] = Known(address: nodes[other].address, standing: isLeaving ? .leaving : .live)
        }
        update(node)
    }

    mutating func tellAll(_ news: News, but node: Int) {
        // Owners look at Gates only, and Gates at owners.
        let others = Self.gates.contains(node) ? Self.owners : Self.gates
        for other in others where nodes[other].isAlive && nodes[other].isConnected { nodes[other].news.append(news) }
    }

    mutating func hear(_ news: News, at node: Int) {
        switch news {
        case .live(let other): nodes[node].known[other] = Known(address: nodes[other].address, standing: .live)
        case .leaving(let other): nodes[node].known[other]?.standing = .leaving
        case .gone(let other):
            nodes[node].known[other] = nil
            end(at: node) { $0.receiver == Self.id(other) }
        case .moved(let other, let address):
            let isOld = (nodes[node].known[other]?.address.generation ?? 0) >= address.generation
            guard !isOld, nodes[other].isAlive else { return }
            nodes[node].known[other] = Known(
                address: address, standing: nodes[node].known[other]?.standing ?? .live)
        }
        update(node)
    }

    mutating func update(_ node: Int) {
        let known = nodes[node].known
        if Self.gates.contains(node) {
            let owners = known.filter { Self.owners.contains($0.key) }
            let live = owners.filter { $0.value.standing == .live }
            let others = owners.filter { $0.value.standing == .leaving }
            var parcels = nodes[node].subscriptions.update(
                live: Self.addresses(live), others: flaw == .gateForgetsThoseWhoLeave ? [:] : Self.addresses(others))
            if flaw == .gateDoesNotAskTheNextOwner { parcels = parcels.map(\.withoutQuestions) }
            if subscribers.contains(node) { post(parcels, from: node) }
            let homeless = nodes[node].homeless
            nodes[node].homeless = []
            for push in homeless { route(push, from: node) }
        } else {
            nodes[node].owner.update(gates: Self.addresses(known.filter { subscribers.contains($0.key) }))
            decide(node)
        }
    }

    private static func addresses(_ known: [Int: Known]) -> [IncarnationID: QueueAddress] {
        Dictionary(uniqueKeysWithValues: known.map { (id($0), $1.address) })
    }

    /// A process ends: what it held is lost.
    mutating func end(_ node: Int) {
        for item in nodes[node].queue {
            if case .push(let push) = item { pushes[push]?.isLost = true }
        }
        for push in nodes[node].unanswered { pushes[push]?.isLost = true }
        // Who has lost a connection, and then the only one who would send again, has had two faults.
        for gate in Self.gates where !nodes[gate].isConnected || nodes[gate].address.generation > 1 {
            for push in nodes[node].owner.kept(for: Self.id(gate)) { pushes[push]?.audience.remove(gate) }
        }
        nodes[node].isAlive = false
        nodes[node].queue = []
        nodes[node].news = []
        nodes[node].unanswered = []
        nodes[node].known = [:]
        nodes[node].owner = Owner(Self.names[node])
        tellAll(.gone(node), but: node)
    }

    /// Queues are gone with all that is in them.
    mutating func breakConnection(of node: Int) {
        for item in nodes[node].queue {
            switch item {
            case .push(let push): pushes[push]?.isLost = true
            case .delivery(let delivery, let owner) where !nodes[owner].isAlive:
                pushes[delivery.content]?.audience.remove(node)
            default: break
            }
        }
        nodes[node].queue = []
        nodes[node].news = []
        nodes[node].isConnected = false
    }

    mutating func open(_ node: Int) {
        nodes[node].isConnected = true
        nodes[node].address = QueueAddress(
            QueueName("\(Self.names[node])'"), generation: nodes[node].address.generation + 1)
        nodes[node].outbox = []
        acquaint(node)
        nodes[node].outbox = []
        nodes[node].untaken = []
        if Self.gates.contains(node) {
            post(nodes[node].subscriptions.reconnected(), from: node)
        } else {
            let again = nodes[node].owner.reconnected()
            if flaw != .ownerSendsNothingAgain { send(again, from: node) }
            for push in nodes[node].unanswered { pushes[push]?.isAnswered = true }
            nodes[node].unanswered = []
        }
        tellAll(.moved(node, nodes[node].address), but: node)
    }
}

extension Subscriptions.Parcel {
    fileprivate var withoutQuestions: Self {
        guard case .bind(let bindings) = message else { return self }
        var parcel = self
        parcel.message = .bind(bindings.map { UserBinding($0.claim, of: $0.group) })
        return parcel
    }
}
