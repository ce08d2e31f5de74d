import Mqant

@testable import MqantGate

/// Sessions at Gates of their own that claim one user, in every order in which a broker may have it.
///
/// A Gate first binds, then publishes; a message is copied to every Gate that is bound when it is published, and those
/// of one Gate reach another in their order.
struct ClaimExplorer {
    /// A generator that repeats itself: a session's claims are the same along every path, so that paths meet.
    struct Generator: RandomNumberGenerator, Hashable {
        private var state: UInt64

        init(seed: UInt64) { state = seed &* 0x9e37_79b9_7f4a_7c15 &+ 1 }

        mutating func next() -> UInt64 {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return state
        }
    }

    struct World: Hashable {
        var records: [UserRecord?]
        var isBound: [Bool]
        var hasClaimed: [Bool]
        var hasEnded: [Bool]
        var random: [Generator]
        /// What is on its way, by sender and receiver.
        var wires: [[[ClaimMessage]]]

        var survivors: [Int] { records.indices.filter { records[$0] != nil && !hasEnded[$0] } }
    }

    private enum Step {
        case bind(Int)
        case claim(Int)
        case deliver(from: Int, to: Int)
    }

    private let policy: DuplicateLogin
    private let count: Int
    private let start: World
    private let sessions: [SessionID]

    init(policy: DuplicateLogin, sessions count: Int, seed: UInt64) {
        self.policy = policy
        self.count = count
        sessions = (0..<count).map { _ in SessionID() }
        start = World(
            records: Array(repeating: nil, count: count), isBound: Array(repeating: false, count: count),
            hasClaimed: Array(repeating: false, count: count), hasEnded: Array(repeating: false, count: count),
            random: (0..<count).map { Generator(seed: seed &+ UInt64($0) &* 1000) },
            wires: Array(repeating: Array(repeating: [], count: count), count: count))
    }

    /// Every world in which nothing is left to happen.
    func explore() -> [World] {
        var ends: [World] = []
        var seen: Set<World> = []
        var open = [start]
        while let world = open.popLast() {
            let steps = steps(in: world)
            if steps.isEmpty { ends.append(world) }
            for step in steps {
                let next = after(step, in: world)
                if seen.insert(next).inserted { open.append(next) }
            }
        }
        return ends
    }

    /// Who is left where each session comes when all is quiet.
    static func inSequence(policy: DuplicateLogin, sessions count: Int) -> [Int] {
        let explorer = ClaimExplorer(policy: policy, sessions: count, seed: 7)
        var world = explorer.start
        for session in 0..<count {
            world = explorer.after(.bind(session), in: world)
            world = explorer.after(.claim(session), in: world)
            while let delivery = explorer.deliveries(in: world).first { world = explorer.after(delivery, in: world) }
        }
        return world.survivors
    }

    private func steps(in world: World) -> [Step] {
        var steps = deliveries(in: world)
        for session in 0..<count {
            if !world.isBound[session] {
                steps.append(.bind(session))
            } else if !world.hasClaimed[session] {
                steps.append(.claim(session))
            }
        }
        return steps
    }

    private func deliveries(in world: World) -> [Step] {
        (0..<count).flatMap { sender in
            (0..<count).filter { !world.wires[sender][$0].isEmpty }.map { .deliver(from: sender, to: $0) }
        }
    }

    private func after(_ step: Step, in world: World) -> World {
        var world = world
        switch step {
        case .bind(let session):
            world.isBound[session] = true
        case .claim(let session):
            let record = UserRecord(of: sessions[session], policy, using: &world.random[session])
            world.records[session] = record
            world.hasClaimed[session] = true
            publish(record.claim, from: session, in: &world)
        case .deliver(let sender, let receiver):
            let message = world.wires[sender][receiver].removeFirst()
            guard !world.hasEnded[receiver] else { break }
            switch world.records[receiver]?.receive(message, using: &world.random[receiver]) {
            case .publish(let answer): publish(answer, from: receiver, in: &world)
            case .end: world.hasEnded[receiver] = true
            case .nothing, nil: break
            }
        }
        return world
    }

    private func publish(_ message: ClaimMessage, from sender: Int, in world: inout World) {
        for receiver in 0..<count where receiver != sender && world.isBound[receiver] {
            world.wires[sender][receiver].append(message)
        }
    }
}
