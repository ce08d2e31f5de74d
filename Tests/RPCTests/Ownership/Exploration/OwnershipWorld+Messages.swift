@testable import MqantRPC

/// What leaves a node, and what arrives.
extension OwnershipWorld {
    mutating func flush(_ node: Int, isConfirmed: Bool = true) {
        let parcel = nodes[node].outbox.removeFirst()
        let message = Message.subscription(parcel, from: node, at: nodes[node].address)
        let isDelivered = put(message, into: parcel.address, of: Self.node(parcel.receiver))
        guard isConfirmed else { return }
        if isDelivered, parcel.message.isAnswered, flaw != .joinWaitsForQueuesOnly {
            // Who is gone answers nothing, and is known to be gone, or is about to be.
            if nodes[node].known[Self.node(parcel.receiver)] != nil { return nodes[node].untaken.append(parcel) }
        }
        nodes[node].subscriptions.parcelEnded(parcel, isDelivered: isDelivered)
    }

    /// Ends what an owner has taken in, or will not.
    mutating func end(at gate: Int, _ isOver: (Subscriptions.Parcel) -> Bool) {
        let over = nodes[gate].untaken.filter(isOver)
        nodes[gate].untaken.removeAll(where: isOver)
        for parcel in over { nodes[gate].subscriptions.parcelEnded(parcel, isDelivered: true) }
    }

    mutating func put(_ message: Message, into address: QueueAddress, of node: Int) -> Bool {
        guard nodes[node].isAlive, nodes[node].isConnected, nodes[node].address == address else { return false }
        nodes[node].queue.append(message)
        return true
    }

    mutating func consume(_ node: Int, isSent: Bool = true, isConfirmed: Bool = true) {
        switch nodes[node].queue.removeFirst() {
        case .subscription(let parcel, let gate, let address):
            takeIn(parcel, at: node, from: gate, at: address)
            decide(node, isSent: isSent)
            guard nodes[gate].isConnected, nodes[gate].address == address else { return }
            end(at: gate) { $0.receiver == parcel.receiver && $0.number <= parcel.number }
        case .push(let push):
            pushes[push]?.owner = node
            let deliveries = nodes[node].owner.push(push, to: group)
            if isSent { send(deliveries, from: node, isConfirmed: isConfirmed) }
            if isConfirmed { pushes[push]?.isAnswered = true } else { nodes[node].unanswered.insert(push) }
        case .delivery(let delivery, let owner):
            let isNew = nodes[node].subscriptions.receive(delivery.number, from: Self.id(owner))
            guard isNew || flaw == .gateHearsTwice else { return }
            if members[node].standing != .away { members[node].heard.append(delivery.content) }
        case .verdicts(let verdicts, let owner, let taken):
            for verdict in verdicts { receive(verdict, from: owner, taken: taken, at: node) }
        }
    }

    mutating func send(_ deliveries: [Owner.Delivery], from node: Int, isConfirmed: Bool = true) {
        for delivery in deliveries {
            let message = Message.delivery(delivery, from: node)
            let isDelivered = put(message, into: delivery.address, of: Self.node(delivery.receiver))
            if isConfirmed, !isDelivered { nodes[node].owner.returned(to: delivery.receiver, at: delivery.address) }
        }
    }

    mutating func post(_ parcels: [Subscriptions.Parcel], from node: Int) {
        var parcels = parcels
        if flaw == .gateSubscribesAtOwnerOnly {
            let live = nodes[node].known.filter { $0.value.standing == .live }
            let owner = OwnershipView(live.keys.map { Self.names[$0] }).ownerAndHeir(of: group.key).owner
            parcels = parcels.filter { parcel in
                guard case .subscribe = parcel.message, parcel.receiver.instance != owner else { return true }
                nodes[node].subscriptions.parcelEnded(parcel, isDelivered: true)
                return false
            }
        }
        if flaw == .joinDoesNotWait {
            for parcel in parcels { nodes[node].subscriptions.parcelEnded(parcel, isDelivered: true) }
        }
        if flaw == .gateBindsAtOwnerOnly {
            parcels = parcels.filter { parcel in
                guard case .bind(let bindings) = parcel.message, !bindings.contains(where: { $0.ask != nil }) else {
                    return true
                }
                nodes[node].subscriptions.parcelEnded(parcel, isDelivered: true)
                return false
            }
        }
        nodes[node].outbox += parcels
    }

    /// Sends a push to the owner, as its Gate takes it to be; who is not there any more is none.
    mutating func route(_ push: Int, from gate: Int) {
        while true {
            let live = nodes[gate].known.filter { Self.owners.contains($0.key) && $0.value.standing == .live }
            let owner = OwnershipView(live.keys.map { Self.names[$0] }).ownerAndHeir(of: group.key).owner
            guard let owner, let node = Self.names.firstIndex(of: owner), let address = live[node]?.address else {
                nodes[gate].homeless.append(push)
                return
            }
            if put(.push(push), into: address, of: node) { return }
            nodes[gate].known[node] = nil
        }
    }
}
