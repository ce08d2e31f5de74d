import NIOCore

@testable import MqantRPC

/// Who has the user.
extension OwnershipWorld {
    static func session(_ number: Int) -> SessionID {
        let digits = String(number + 1, radix: 16)
        return SessionID(String(repeating: "0", count: 32 - digits.utf8.count) + digits) ?? SessionID()
    }

    static func number(_ session: SessionID) -> Int { (0..<10).first { self.session($0) == session } ?? -1 }

    mutating func login(_ number: Int, at gate: Int) {
        let elders = Set(logins.filter { $0.value.standing == .bound }.keys)
        logins[number]?.standing = .asking
        logins[number]?.elders = elders
        // No clock helps.
        let claim = UserClaim(session: Self.session(number), counter: 0)
        post(nodes[gate].subscriptions.bind(claim, to: group, policy: policy), from: gate)
    }

    mutating func logout(_ number: Int) {
        guard let gate = logins[number]?.gate else { return }
        logins[number]?.standing = .left
        post(nodes[gate].subscriptions.release(Self.session(number), from: group), from: gate)
    }

    mutating func takeIn(_ parcel: Subscriptions.Parcel, at node: Int, from gate: Int, at address: QueueAddress) {
        var message = parcel.message
        if flaw == .ownerForgetsSessionsWhenTheKeyMoves, case .view(let view, _) = message,
            nodes[node].owner.gates[Self.id(gate)]?.view != view
        {
            nodes[node].owner.arbiter.forget(Self.id(gate))
        }
        if flaw == .ownerTrustsOrderAfterReconnect, case .bind(let bindings) = message,
            address.generation > 1 || nodes[node].address.generation > 1
        {
            message = .bind(bindings.map { UserBinding($0.claim, of: $0.group, ask: policy) })
        }
        let missed = nodes[node].owner.received(message, number: parcel.number, from: Self.id(gate), at: address)
        send(missed, from: node)
    }

    /// The owner decides what it can.
    mutating func decide(_ node: Int, isSent: Bool = true) {
        var decided = nodes[node].owner.takeVerdicts(.uptimeNanoseconds(0))
        if flaw == .ownerDecidesBeforeAllHaveTold {
            nodes[node].owner.arbiter.viewsChanged()
            decided += nodes[node].owner.takeVerdicts(.uptimeNanoseconds(0) + UserArbiter.patience)
        }
        guard isSent else { return }
        for verdicts in decided {
            let message = Message.verdicts(verdicts.verdicts, from: node, taken: verdicts.taken)
            _ = put(message, into: verdicts.address, of: Self.node(verdicts.receiver))
        }
    }

    mutating func receive(_ verdict: UserVerdict, from owner: Int, taken: UInt64, at gate: Int) {
        let isObeyed = flaw == .gateObeysOvertakenVerdicts
        let number = isObeyed ? .max : taken
        var (parcels, consequence) = nodes[gate].subscriptions.receive(verdict, from: Self.id(owner), number: number)
        if isObeyed, consequence == .nothing {
            for other in Self.owners where consequence == .nothing {
                (parcels, consequence) = nodes[gate].subscriptions.receive(
                    verdict, from: Self.id(other), number: number)
            }
        }
        post(parcels, from: gate)
        switch consequence {
        case .nothing, .accepted: break
        case .refused: logins[Self.number(verdict.session)]?.standing = .refused
        case .superseded: logins[Self.number(verdict.session)]?.standing = .superseded
        }
    }

    /// Sessions have the user once all who have to know do.
    mutating func takeBound() {
        for gate in Self.gates where logins.values.contains(where: { $0.gate == gate }) {
            _ = nodes[gate].subscriptions.takeSettled()
            for session in nodes[gate].subscriptions.takeBound(in: group) {
                logins[Self.number(session)]?.standing = .bound
            }
        }
    }

    /// What is wrong with the user's sessions when nothing more can happen.
    var faultOfUsers: String? {
        guard !logins.isEmpty else { return nil }
        func sessions(_ standing: Login.Standing) -> [Int] {
            logins.filter { $0.value.standing == standing }.keys.sorted()
        }
        if let asking = sessions(.asking).first { return "session \(asking) was never answered" }
        let bound = sessions(.bound)
        guard bound.count <= 1 else { return "\(bound) are left" }
        guard let left = bound.first else { return sessions(.left).isEmpty ? "no session is left" : nil }
        switch policy {
        case .kick:
            if let refused = sessions(.refused).first { return "session \(refused) was refused" }
            let newer = logins.first { $0.key != left && $0.value.elders.contains(left) }
            return newer.map { "session \($0.key) came after \(left), which is left" }
        case .refuse:
            let superseded = sessions(.superseded).first
            return superseded.map { "session \($0) was there, and is not any more" }
        }
    }
}
