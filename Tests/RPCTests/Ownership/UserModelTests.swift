import Testing

@testable import MqantRPC

/// What sessions of one user at two Gates, up to three owners and the broker between them can do, in every order in which it can
/// happen: one session is left.
@Suite(.serialized, .ownThread) struct UserModelTests {
    typealias Scenario = OwnershipScenario

    static let scenarios = [
        Scenario(
            name: "two log in", owners: [2, 3], script: [[.login(0, at: 0)], [.login(1, at: 1)]],
            ranks: [[2, 3, 4], [3, 2, 4]], isSmall: true),
        Scenario(
            name: "two log in at one Gate", owners: [2, 3], script: [[.login(0, at: 0)], [.login(1, at: 0)]],
            ranks: [[2, 3, 4]], isSmall: true),
        Scenario(
            name: "one logs out, another in", owners: [2, 3],
            script: [[.login(0, at: 0), .logout(0)], [.login(1, at: 1)]], ranks: [[2, 3, 4]], isSmall: true),
        Scenario(
            name: "an owner starts", owners: [2, 3],
            script: [[.login(0, at: 0)], [.login(1, at: 1)], [.starts(4)]], ranks: [[2, 4, 3], [4, 2, 3]]),
        Scenario(
            name: "the owner dies", owners: [2, 3, 4],
            script: [[.login(0, at: 0)], [.login(1, at: 1)], [.dies(2)]], ranks: [[2, 3, 4]]),
        Scenario(
            name: "the only heir dies", owners: [2, 3],
            script: [[.login(0, at: 0)], [.login(1, at: 1)], [.dies(3)]], ranks: [[2, 3, 4]]),
        Scenario(
            name: "the owner goes in good order", owners: [2, 3],
            script: [[.login(0, at: 0)], [.login(1, at: 1)], [.withdraws(2), .stops(2)]], ranks: [[2, 3, 4]]),
        Scenario(
            name: "a Gate reconnects", owners: [2, 3],
            script: [[.login(0, at: 0)], [.login(1, at: 1)], [.breaks(0), .opens(0)]], ranks: [[2, 3, 4], [3, 2, 4]]),
        Scenario(
            name: "the owner reconnects", owners: [2, 3],
            script: [[.login(0, at: 0)], [.login(1, at: 1)], [.breaks(2), .opens(2)]], ranks: [[2, 3, 4], [3, 2, 4]]),
    ]

    /// More than one thing that happens at a time.
    static let pairs = [
        Scenario(
            name: "three log in", owners: [2, 3],
            script: [[.login(0, at: 0)], [.login(1, at: 1)], [.login(2, at: 0)]], ranks: [[2, 3, 4]]),
        Scenario(
            name: "one starts, the owner dies", owners: [2, 3],
            script: [[.login(0, at: 0)], [.login(1, at: 1)], [.starts(4)], [.dies(2)]],
            ranks: [[2, 4, 3], [4, 2, 3], [2, 3, 4]]),
        Scenario(
            name: "the owner dies, a Gate reconnects", owners: [2, 3, 4],
            script: [[.login(0, at: 0)], [.login(1, at: 1)], [.dies(2)], [.breaks(0), .opens(0)]], ranks: [[2, 3, 4]]),
        Scenario(
            name: "one starts, one goes, a Gate reconnects, three log in", owners: [2, 3],
            script: [
                [.login(0, at: 0)], [.login(1, at: 1)], [.login(2, at: 0)], [.starts(4)], [.withdraws(2), .stops(2)],
                [.breaks(1), .opens(1)],
            ], ranks: [[2, 4, 3], [4, 2, 3], [2, 3, 4]]),
        Scenario(
            name: "one starts, one dies, the heir reconnects, three log in", owners: [2, 3],
            script: [
                [.login(0, at: 0)], [.login(1, at: 1)], [.login(2, at: 1)], [.starts(4)], [.dies(2)],
                [.breaks(3), .opens(3)],
            ], ranks: [[2, 4, 3], [4, 2, 3], [2, 3, 4]]),
    ]

    @Test(arguments: scenarios + pairs, [LoginPolicy.kick, .refuse])
    func oneSessionIsLeft(_ scenario: Scenario, _ policy: LoginPolicy) async {
        for rank in scenario.ranks { await scenario.expectNoFault(rank, policy) }
    }

    @Test(arguments: OwnershipModel.Flaw.ofUsers) func eachFlawIsFound(_ flaw: OwnershipModel.Flaw) async {
        let isFound = await OwnershipScenario.onAThreadOfItsOwn {
            // A few walks of each scenario find most.
            [10, 100, 500].contains { count in
                (Self.scenarios + Self.pairs).contains { scenario in
                    scenario.ranks.contains { rank in
                        [LoginPolicy.kick, .refuse].contains { policy in
                            var explorer = OwnershipExplorer()
                            return explorer.walk(scenario.world(rank, policy, flaw), count: count) != nil
                        }
                    }
                }
            }
        }
        #expect(isFound)
    }
}
