import MqantTransportContract

@testable import MqantRPC

/// Goes through the interleavings of a scenario: through all of them, each state once, or through so many taken at random.
struct OwnershipExplorer {
    struct Finding: CustomStringConvertible {
        var fault: String
        var path: [OwnershipWorld.Step]

        var description: String { "\(fault)\n" + path.map { "    \($0)" }.joined(separator: "\n") }
    }

    /// States that were seen, and ends among them.
    private(set) var states = 0
    private(set) var ends = 0

    /// - Returns: the first fault that is found; nil: there is none.
    mutating func explore(_ start: OwnershipWorld) -> Finding? {
        var seen: Set<Int> = []
        var stack: [(world: OwnershipWorld, steps: [OwnershipWorld.Step])] = [(start, start.steps)]
        var path: [OwnershipWorld.Step] = []
        while let (world, steps) = stack.last {
            guard let step = steps.last else {
                stack.removeLast()
                _ = path.popLast()
                continue
            }
            stack[stack.count - 1].steps.removeLast()
            var next = world
            next.take(step)
            guard seen.insert(next.hashValue).inserted else { continue }
            states += 1
            let steps = next.steps
            if steps.isEmpty {
                ends += 1
                if let fault = next.fault { return Finding(fault: fault, path: path + [step]) }
            } else {
                path.append(step)
                stack.append((next, steps))
            }
        }
        return nil
    }

    /// Takes so many of all interleavings, the same ones each time.
    mutating func walk(_ start: OwnershipWorld, count: Int) -> Finding? {
        var random = SeededGenerator(seed: 1)
        for _ in 0..<count {
            var world = start
            var path: [OwnershipWorld.Step] = []
            while let step = world.steps.randomElement(using: &random) {
                path.append(step)
                world.take(step)
            }
            ends += 1
            if let fault = world.fault { return Finding(fault: fault, path: path) }
        }
        return nil
    }
}

extension OwnershipWorld {
    /// What is wrong when nothing more can happen.
    var fault: String? {
        if script.contains(where: { !$0.isEmpty }) { return "stuck before \(script)" }
        for (index, member) in members.enumerated() {
            if member.standing == .joining { return "the join of member \(index) was never answered" }
            if Set(member.heard).count != member.heard.count { return "member \(index) heard twice: \(member.heard)" }
        }
        for (number, push) in pushes {
            if !push.isAnswered, !push.isLost { return "push \(number) was never answered" }
            for member in push.audience where push.isAnswered && !members[member].heard.contains(number) {
                return "member \(member) missed push \(number), which was answered"
            }
        }
        if let fault = faultOfUsers { return fault }
        // Two pushes of one owner are heard by everybody in one order.
        for owner in Self.owners {
            let heard = members.map { member in member.heard.filter { pushes[$0]?.owner == owner } }
            let orders = heard.map { one in one.filter { push in heard.allSatisfy { $0.contains(push) } } }
            if let first = orders.first, orders.contains(where: { $0 != first }) { return "two orders: \(orders)" }
        }
        return nil
    }
}
