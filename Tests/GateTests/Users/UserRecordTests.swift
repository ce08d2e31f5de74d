import Mqant
import Testing

@testable import MqantGate

/// Every interleaving of sessions that claim one user at different Gates ends with exactly one of them.
@Suite struct UserRecordTests {
    @Test(arguments: [DuplicateLogin.kick, .refuse], [2, 3])
    func oneSurvives(_ policy: DuplicateLogin, _ count: Int) {
        for seed in 0..<(count == 2 ? 16 : 6) as Range<UInt64> {
            let explorer = ClaimExplorer(policy: policy, sessions: count, seed: seed)
            let ends = explorer.explore()
            #expect(ends.count > 0)
            for end in ends { #expect(end.survivors.count == 1, "seed \(seed): \(end)") }
        }
    }

    @Test(arguments: [2, 3])
    func ofThoseWhoCameOneAfterTheOtherTheLastSurvivesAKick(_ count: Int) {
        let survivors = ClaimExplorer.inSequence(policy: .kick, sessions: count)
        #expect(survivors == [count - 1])
    }

    @Test(arguments: [2, 3])
    func ofThoseWhoCameOneAfterTheOtherTheFirstSurvivesRefusals(_ count: Int) {
        #expect(ClaimExplorer.inSequence(policy: .refuse, sessions: count) == [0])
    }

    @Test func allowLeavesEverybodyAlone() {
        var random = ClaimExplorer.Generator(seed: 1)
        var record = UserRecord(of: SessionID(), .allow, using: &random)
        let other = UserRecord(of: SessionID(), .allow, using: &random)
        #expect(record.receive(other.claim, using: &random) == .nothing)
        #expect(record.receive(other.claimAgain, using: &random) == .nothing)
    }

    /// Another node's message may hold any number.
    @Test(arguments: [DuplicateLogin.kick, .refuse])
    func theLargestCounterOverflowsNothing(_ policy: DuplicateLogin) {
        var random = ClaimExplorer.Generator(seed: 1)
        var record = UserRecord(of: SessionID(), policy, using: &random)
        var hostile = UserClaim(of: SessionID(), using: &random)
        hostile.counter = .max
        _ = record.receive(ClaimMessage(kind: .held, claim: hostile), using: &random)
        _ = record.receive(ClaimMessage(kind: .again, claim: hostile), using: &random)
        #expect(record.mine.counter >= 1)
    }

    /// A Gate that was cut off comes back while another session of the user began elsewhere: one of them ends.
    @Test(arguments: [DuplicateLogin.kick, .refuse], 0..<16 as Range<UInt64>)
    func whoWasCutOffMeetsWhoCameMeanwhile(_ policy: DuplicateLogin, _ seed: UInt64) {
        var random = ClaimExplorer.Generator(seed: seed)
        var away = UserRecord(of: SessionID(), policy, using: &random)
        var newer = UserRecord(of: SessionID(), policy, using: &random)
        // The newer one's claim reached nobody.
        guard case .publish(let answer) = newer.receive(away.claimAgain, using: &random) else {
            Issue.record("a session that comes back is not answered")
            return
        }
        #expect(away.receive(answer, using: &random) == .end)
    }
}
