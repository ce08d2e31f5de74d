import Foundation
import Testing

@testable import MqantRPC

/// What two Gates, up to three owners and the broker between them can do, in every order in which it can happen.
///
/// One at a time, and each on a thread of its own: that works for seconds, and other tests need the threads of Swift's pool.
@Suite(.serialized) struct OwnershipModelTests {
    typealias Event = OwnershipModel.Event

    /// Lines of events, each of which goes on whenever it likes.
    struct Scenario: CustomTestStringConvertible, Sendable {
        var name: String
        /// Who is there from the beginning. 0 and 1 are Gates, each with a member; 2 to 4 own keys.
        var owners: [Int]
        var script: [[Event]]
        /// Who owns the key, who is the heir, and who comes then.
        var ranks: [[Int]]
        /// Whether there are some thousand states at most: then all are looked at in each run.
        var isSmall = false

        var testDescription: String { name }

        func world(_ rank: [Int], _ flaw: OwnershipModel.Flaw? = nil) -> OwnershipWorld {
            OwnershipWorld(key: OwnershipModel.key(rankedLike: rank), owners: owners, script: script, flaw: flaw)
        }
    }

    static let scenarios = [
        Scenario(
            name: "one starts", owners: [2, 3], script: [[.join(0)], [.push(1, from: 1)], [.starts(4)]],
            ranks: [[2, 3, 4], [2, 4, 3], [4, 2, 3]], isSmall: true),
        Scenario(
            name: "one dies", owners: [2, 3, 4],
            script: [[.join(0)], [.push(1, from: 1)], [.dies(2)]], ranks: [[2, 3, 4], [3, 2, 4]], isSmall: true),
        Scenario(
            name: "one goes in good order", owners: [2, 3],
            script: [[.join(0)], [.push(1, from: 1)], [.withdraws(2), .stops(2)]], ranks: [[2, 3, 4], [3, 2, 4]],
            isSmall: true),
        Scenario(
            name: "a Gate reconnects", owners: [2, 3],
            script: [[.join(0)], [.push(1, from: 1)], [.acknowledges(0, to: 2), .breaks(0), .opens(0)]],
            ranks: [[2, 3, 4], [3, 2, 4]]),
        Scenario(
            name: "an owner reconnects", owners: [2, 3],
            script: [[.join(0)], [.push(1, from: 1), .push(2, from: 1)], [.breaks(2), .opens(2)]],
            ranks: [[2, 3, 4], [3, 2, 4]]),
        Scenario(
            name: "a member leaves and comes again", owners: [2, 3],
            script: [[.join(0), .leave(0), .join(0)], [.push(1, from: 1)], [.dies(2)]], ranks: [[2, 3, 4], [3, 2, 4]]),
        Scenario(
            name: "owners push by themselves", owners: [2, 3],
            script: [[.join(0)], [.says(1, at: 2)], [.says(2, at: 3)]], ranks: [[2, 3, 4], [3, 2, 4]], isSmall: true),
        Scenario(
            name: "one starts, and pushes by itself", owners: [2, 3],
            script: [[.join(0)], [.starts(4), .says(1, at: 4)], [.says(2, at: 2)]], ranks: [[2, 4, 3], [4, 2, 3]]),
        Scenario(
            name: "two members", owners: [2, 3],
            script: [[.join(0)], [.join(1)], [.push(1, from: 1)], [.push(2, from: 0)]], ranks: [[2, 3, 4]]),
    ]

    /// Two things that happen at a time: too many orders to go through all of them in each run of the tests.
    static let pairs = [
        Scenario(
            name: "one starts, one dies", owners: [2, 3],
            script: [[.join(0)], [.push(1, from: 1)], [.starts(4)], [.dies(2)]], ranks: [[2, 4, 3], [4, 2, 3]]),
        Scenario(
            name: "one starts, a Gate reconnects", owners: [2, 3],
            script: [[.join(0)], [.push(1, from: 1)], [.starts(4)], [.breaks(0), .opens(0)]],
            ranks: [[2, 4, 3], [4, 2, 3]]),
        Scenario(
            name: "one dies, a Gate reconnects", owners: [2, 3],
            script: [[.join(0)], [.push(1, from: 1)], [.dies(2)], [.breaks(0), .opens(0)]], ranks: [[2, 3, 4]]),
        Scenario(
            name: "one starts, an owner reconnects", owners: [2, 3],
            script: [[.join(0)], [.push(1, from: 1)], [.starts(4)], [.breaks(2), .opens(2)]],
            ranks: [[2, 4, 3], [4, 2, 3]]),
        Scenario(
            name: "two members, all at once", owners: [2, 3],
            script: [
                [.join(0), .leave(0), .join(0)], [.join(1)], [.push(1, from: 1), .push(2, from: 1)],
                [.push(3, from: 0)], [.starts(4)], [.withdraws(2), .stops(2)], [.breaks(1), .opens(1)],
            ], ranks: [[2, 4, 3], [4, 2, 3]]),
    ]

    /// With `OWNERSHIP_WALKS=all` in the environment every interleaving of each scenario is looked at, which takes a release build
    /// and minutes; else those of the small ones, and so many of the others.
    @Test(arguments: scenarios + pairs) func nothingThatWasAnsweredIsMissed(_ scenario: Scenario) async {
        for rank in scenario.ranks {
            let (finding, ends) = await Self.onAThreadOfItsOwn {
                var explorer = OwnershipExplorer()
                let world = scenario.world(rank)
                let finding =
                    scenario.isSmall || OwnershipModel.walks == nil
                    ? explorer.explore(world) : explorer.walk(world, count: OwnershipModel.walks ?? 0)
                return (finding.map { "\($0)" }, explorer.ends)
            }
            #expect(finding == nil, "\(scenario.name), owners \(rank): \(finding ?? "")")
            #expect(ends > 2)
        }
    }

    @Test(arguments: OwnershipModel.Flaw.allCases) func eachFlawIsFound(_ flaw: OwnershipModel.Flaw) async {
        let isFound = await Self.onAThreadOfItsOwn {
            Self.scenarios.contains { scenario in
                scenario.ranks.contains { rank in
                    var explorer = OwnershipExplorer()
                    return explorer.explore(scenario.world(rank, flaw)) != nil
                }
            }
        }
        #expect(isFound)
    }

    private static func onAThreadOfItsOwn<Result: Sendable>(
        _ body: @escaping @Sendable () -> Result
    ) async -> Result {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread { continuation.resume(returning: body()) }
        }
    }
}
