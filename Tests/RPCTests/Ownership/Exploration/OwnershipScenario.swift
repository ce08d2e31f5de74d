import Foundation
import Testing

@testable import MqantRPC

/// Lines of events, each of which goes on whenever it likes.
struct OwnershipScenario: CustomTestStringConvertible, Sendable {
    var name: String
    /// Who is there from the beginning. 0 and 1 are Gates, each with a member; 2 to 4 own keys.
    var owners: [Int]
    var script: [[OwnershipModel.Event]]
    /// Who owns the key, who is the heir, and who comes then.
    var ranks: [[Int]]
    /// Whether there are some thousand states at most: then all are looked at in each run.
    var isSmall = false

    var testDescription: String { name }

    func world(
        _ rank: [Int], _ policy: LoginPolicy = .kick, _ flaw: OwnershipModel.Flaw? = nil
    ) -> OwnershipWorld {
        OwnershipWorld(
            key: OwnershipModel.key(rankedLike: rank), owners: owners, script: script, policy: policy, flaw: flaw)
    }

    /// Goes through the interleavings. With `OWNERSHIP_WALKS=all` in the environment every one of each scenario is looked at, which
    /// takes a release build and minutes; else those of the small ones, and so many of the others.
    func expectNoFault(_ rank: [Int], _ policy: LoginPolicy = .kick) async {
        let (finding, ends) = await Self.onAThreadOfItsOwn {
            var explorer = OwnershipExplorer()
            let world = world(rank, policy)
            let finding =
                isSmall || OwnershipModel.walks == nil
                ? explorer.explore(world) : explorer.walk(world, count: OwnershipModel.walks ?? 0)
            return (finding.map { "\($0)" }, explorer.ends)
        }
        #expect(finding == nil, "\(name), owners \(rank), \(policy): \(finding ?? "")")
        #expect(ends > 2)
    }

    static func onAThreadOfItsOwn<Result: Sendable>(_ body: @escaping @Sendable () -> Result) async -> Result {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread { continuation.resume(returning: body()) }
        }
    }
}
