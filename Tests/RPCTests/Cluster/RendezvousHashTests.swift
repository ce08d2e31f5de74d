import MqantTransportContract
import Testing

@testable import MqantRPC

@Suite("Rendezvous hashing") struct RendezvousHashTests {
    /// Ids as `server.conf` has them: they differ in a digit.
    private func ids(_ count: Int) -> [InstanceID] { (0..<count).map { InstanceID("172.30.0.\(33 + $0):Chat") } }

    private func owners(_ keys: [String], _ ids: [InstanceID]) -> [String: InstanceID] {
        Dictionary(
            uniqueKeysWithValues: keys.compactMap { key in
                RendezvousHash.owner(of: key, among: ids).map { (key, $0) }
            })
    }

    private let rooms = (0..<1000).map { "room\($0)" }

    @Test func nobodyOwnsAnythingWithoutCandidates() {
        #expect(RendezvousHash.owner(of: "k", among: []) == nil)
        #expect(RendezvousHash.owner(of: "", among: ["a"]) == "a")
    }

    @Test(arguments: 1...10 as ClosedRange<UInt64>)
    func onlyKeysOfTheOneThatComesOrGoesMove(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let keys = (0..<500).map { _ in String(random.next(), radix: 36) }
        var ids = ids(Int.random(in: 2...8, using: &random)).shuffled(using: &random)
        var before = owners(keys, ids)
        for step in 0..<6 {
            let changed: InstanceID
            if Bool.random(using: &random) || ids.count == 1 {
                changed = InstanceID("10.0.\(step).\(seed):Chat")
                ids.insert(changed, at: Int.random(in: 0...ids.count, using: &random))
                let after = owners(keys, ids)
                for key in keys where after[key] != before[key] { #expect(after[key] == changed) }
                #expect(after.values.contains(changed), "a newcomer gets its share")
                before = after
            } else {
                changed = ids.remove(at: Int.random(in: ids.indices, using: &random))
                let after = owners(keys, ids)
                for key in keys where after[key] != before[key] { #expect(before[key] == changed) }
                #expect(!after.values.contains(changed))
                before = after
            }
        }
    }

    @Test func theOrderOfCandidatesDoesNotMatter() {
        let ids = ids(7)
        #expect(owners(rooms, ids) == owners(rooms, ids.reversed()))
    }

    @Test(arguments: [3, 5, 8])
    func sharesAreEven(_ count: Int) {
        let ids = ids(count)
        let shares = Dictionary(grouping: owners(rooms, ids).values, by: \.self).mapValues(\.count)
        for id in ids {
            let share = Double(shares[id] ?? 0) * Double(count) / Double(rooms.count)
            #expect(share < 1.3)
            #expect(share > 0.7)
        }
    }

    @Test(arguments: ["chat-1", "a"])
    func sharesAreEvenForIDsThatAreAlikeAtTheStart(_ prefix: String) {
        let ids = (1...3).map { InstanceID("\(prefix)\($0)") }
        let shares = Dictionary(grouping: owners(rooms, ids).values, by: \.self).mapValues(\.count)
        for id in ids { #expect((250..<433).contains(shares[id] ?? 0)) }
    }

    /// The hash is part of the wire protocol: a module in another language must come to the same owner.
    @Test func theHashIsTheSameOnEveryMachine() {
        #expect(RendezvousHash.weight("", "") != RendezvousHash.weight("", "a"))
        #expect(RendezvousHash.weight("ab", "c") != RendezvousHash.weight("a", "bc"))
        let ids: [InstanceID] = ["a:Chat", "b:Chat", "c:Chat"]
        // Computed apart from this code, from the description in docs/wire.md.
        let expected = ["b:Chat", "c:Chat", "a:Chat", "b:Chat"]
        #expect(RendezvousHash.weight("a:Chat", "abc") == 0x449ee33c120a6bb2)
        #expect(
            ["abc", "room 1", "漢字", ""].compactMap { RendezvousHash.owner(of: $0, among: ids)?.rawValue } == expected)
    }
}
