import Testing

@testable import MqantRPC

/// What two Gates, up to three owners and the broker between them can do, in every order in which it can happen.
///
/// One at a time, and each on a thread of its own: that works for seconds, and other tests need the threads of Swift's pool.
@Suite(.serialized, .ownThread) struct OwnershipModelTests {
    typealias Scenario = OwnershipScenario

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

    @Test(arguments: scenarios + pairs) func nothingThatWasAnsweredIsMissed(_ scenario: Scenario) async {
        for rank in scenario.ranks { await scenario.expectNoFault(rank) }
    }

    @Test(arguments: OwnershipModel.Flaw.allCases.filter { !OwnershipModel.Flaw.ofUsers.contains($0) })
    func eachFlawIsFound(_ flaw: OwnershipModel.Flaw) async {
        let isFound = await OwnershipScenario.onAThreadOfItsOwn {
            Self.scenarios.contains { scenario in
                scenario.ranks.contains { rank in
                    var explorer = OwnershipExplorer()
                    return explorer.explore(scenario.world(rank, .kick, flaw)) != nil
                }
            }
        }
        #expect(isFound)
    }
}
