import FoundationEssentials

@testable import MqantRPC

/// The words of `OwnershipWorld`.
enum OwnershipModel {
    /// How many interleavings are taken of scenarios that have too many for each run of the tests; nil: all.
    static let walks: Int? = {
        let value = ProcessInfo.processInfo.environment["OWNERSHIP_WALKS"] ?? "30"
        return value == "all" ? nil : Int(value) ?? 30
    }()

    /// What a scenario is made of. Members and Gates are 0 and 1, owners 2 to 4.
    enum Event: Hashable, Sendable {
        case join(Int)
        case leave(Int)
        case push(Int, from: Int)
        /// An instance pushes by itself: that does not come by its queue.
        case says(Int, at: Int)
        case starts(Int)
        case withdraws(Int)
        /// Ends in good order, having withdrawn.
        case stops(Int)
        case dies(Int)
        /// A Gate tells an owner what it has.
        case acknowledges(Int, to: Int)
        case breaks(Int)
        case opens(Int)
        /// A session asks for the user. Which one, and at which Gate.
        case login(Int, at: Int)
        case logout(Int)
    }

    /// Mistakes that the exploration must find.
    enum Flaw: Hashable, CaseIterable, Sendable {
        case gateSubscribesAtOwnerOnly
        case gateForgetsThoseWhoLeave
        case gateHearsTwice
        case joinDoesNotWait
        case joinWaitsForQueuesOnly
        case ownerSendsNothingAgain

        // Of users:
        case ownerForgetsSessionsWhenTheKeyMoves
        case gateBindsAtOwnerOnly
        case ownerTrustsOrderAfterReconnect
        case ownerDecidesBeforeAllHaveTold
        case gateObeysOvertakenVerdicts
        case gateDoesNotAskTheNextOwner

        /// Those that leave a user with none or two sessions.
        static let ofUsers: [Flaw] = [
            .ownerForgetsSessionsWhenTheKeyMoves, .gateBindsAtOwnerOnly, .ownerTrustsOrderAfterReconnect,
            .ownerDecidesBeforeAllHaveTold, .gateObeysOvertakenVerdicts, .gateDoesNotAskTheNextOwner,
        ]
    }

    /// A key whose owners are these, the first one first.
    static func key(rankedLike order: [Int]) -> String {
        let names = order.map { OwnershipWorld.names[$0] }
        for number in 0... {
            let key = "key-\(number)"
            var left = names
            let isRanked = names.allSatisfy { name in
                defer { left.removeAll { $0 == name } }
                return RendezvousHash.owner(of: key, among: left) == name
            }
            if isRanked { return key }
        }
        return ""
    }
}
