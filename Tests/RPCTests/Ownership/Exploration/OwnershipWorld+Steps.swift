@testable import MqantRPC

/// What can happen next.
extension OwnershipWorld {
    enum Step: Hashable {
        case event(line: Int)
        case flush(Int)
        /// The message is in its queue, and the connection breaks before its sender knows.
        case flushAndBreak(Int, line: Int)
        case consume(Int)
        /// The owner's connection breaks before (or after) the deliveries of a push are in their queues, and it knows neither.
        case consumeAndBreak(Int, isSent: Bool, line: Int)
        case news(Int)
    }

    var steps: [Step] {
        var steps: [Step] = []
        for (line, events) in script.enumerated() {
            guard let event = events.first, isPossible(event) else { continue }
            steps.append(.event(line: line))
            guard case .breaks(let node) = event else { continue }
            if !nodes[node].outbox.isEmpty { steps.append(.flushAndBreak(node, line: line)) }
            switch nodes[node].queue.first {
            case .push:
                steps.append(.consumeAndBreak(node, isSent: false, line: line))
                steps.append(.consumeAndBreak(node, isSent: true, line: line))
            case .subscription where !logins.isEmpty:
                steps.append(.consumeAndBreak(node, isSent: false, line: line))
            default: break
            }
        }
        for (index, node) in nodes.enumerated() where node.isAlive && node.isConnected {
            if !node.outbox.isEmpty { steps.append(.flush(index)) }
            if !node.queue.isEmpty { steps.append(.consume(index)) }
            if !node.news.isEmpty { steps.append(.news(index)) }
        }
        return steps
    }

    mutating func take(_ step: Step) {
        switch step {
        case .event(let line): happen(script[line].removeFirst())
        case .flush(let node): flush(node)
        case .consume(let node): consume(node)
        case .news(let node): hear(nodes[node].news.removeFirst(), at: node)
        case .flushAndBreak(let node, let line):
            flush(node, isConfirmed: false)
            happen(script[line].removeFirst())
        case .consumeAndBreak(let node, let isSent, let line):
            consume(node, isSent: isSent, isConfirmed: false)
            happen(script[line].removeFirst())
        }
        for gate in Self.gates where members[gate].standing == .joining {
            if nodes[gate].subscriptions.isHeld(group) { members[gate].standing = .joined }
        }
        takeBound()
    }

    private func isPossible(_ event: OwnershipModel.Event) -> Bool {
        switch event {
        case .join(let member): members[member].standing == .away && nodes[member].isConnected
        case .leave(let member): members[member].standing == .joined && nodes[member].isConnected
        case .push(_, let gate): nodes[gate].isConnected
        case .login(_, let gate): nodes[gate].isConnected
        // Whoever was sent away has nothing to leave.
        case .logout(let session): [.bound, .superseded, .refused].contains(logins[session]?.standing)
        case .says(_, let node): nodes[node].isAlive && nodes[node].isConnected
        case .starts, .breaks, .opens: true
        case .acknowledges(let gate, _): nodes[gate].isConnected
        case .dies(let node): nodes[node].isConnected
        case .withdraws(let node): nodes[node].isConnected
        case .stops(let node):
            // It waits until it has been told that all it sent has come.
            nodes[node].isConnected && nodes[node].queue.isEmpty
                && subscribers.allSatisfy { nodes[$0].isConnected && !hasDelivery(from: node, at: $0) }
        }
    }

    private func hasDelivery(from owner: Int, at gate: Int) -> Bool {
        nodes[gate].queue.contains { if case .delivery(_, owner) = $0 { true } else { false } }
    }

    mutating func happen(_ event: OwnershipModel.Event) {
        switch event {
        case .join(let member):
            members[member].standing = .joining
            post(nodes[member].subscriptions.subscribe(group), from: member)
        case .leave(let member):
            members[member].standing = .away
            for push in pushes.keys { pushes[push]?.audience.remove(member) }
            post(nodes[member].subscriptions.unsubscribe(group), from: member)
        case .push(let push, let gate):
            pushes[push] = Push(audience: Set(Self.gates.filter { members[$0].standing == .joined }))
            route(push, from: gate)
        case .says(let push, let node):
            pushes[push] = Push(audience: Set(Self.gates.filter { members[$0].standing == .joined }))
            pushes[push]?.owner = node
            send(nodes[node].owner.push(push, to: group), from: node)
            pushes[push]?.isAnswered = true
        case .starts(let node):
            nodes[node].isAlive = true
            acquaint(node)
            tellAll(.live(node), but: node)
        case .withdraws(let node):
            tellAll(.leaving(node), but: node)
        case .stops(let node), .dies(let node):
            end(node)
        case .acknowledges(let gate, let owner):
            post(nodes[gate].subscriptions.acknowledge(Self.id(owner)), from: gate)
        case .login(let session, let gate): login(session, at: gate)
        case .logout(let session): if logins[session]?.standing == .bound { logout(session) }
        case .breaks(let node):
            breakConnection(of: node)
        case .opens(let node):
            open(node)
        }
    }
}
