import MqantTransportContract
import NIOCore
import Testing

@testable import MqantRPC

/// The table against a dictionary that does the same slowly.
@Suite("CallTable against a model", .ownThread) struct CallTableModelTests {
    private struct Model {
        /// `due` is the deadline, or the time of the insertion if that was later.
        var calls: [CorrelationID: (number: Int, deadline: NIODeadline, due: NIODeadline)] = [:]
    }

    @Test(arguments: 1...12 as ClosedRange<UInt64>)
    func behavesLikeADictionary(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var now = NIODeadline.uptimeNanoseconds(UInt64.random(in: 0...(1 << 50), using: &random))
        var table = CallTable<Int>(now: now)
        var model = Model()
        var past: [CorrelationID] = []
        let tick = CallTable<Int>.tick
        for number in 0..<1500 {
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<5:
                let longest = [30, 500, 20_000].randomElement(using: &random) ?? 30
                let deadline = now + .microseconds(Int64.random(in: -20_000...Int64(longest * 1000), using: &random))
                let id = table.insert(number, deadline: deadline)
                #expect(model.calls[id] == nil && !past.contains(id), "an id was given out twice")
                model.calls[id] = (number, deadline, max(deadline, now))
            case 5..<7:
                guard let id = model.calls.keys.sorted(by: { $0.rawValue < $1.rawValue }).randomElement(using: &random)
                else { continue }
                #expect(table.remove(id) == model.calls.removeValue(forKey: id)?.number)
                past.append(id)
            case 7:
                if let id = past.randomElement(using: &random) { #expect(table.remove(id) == nil) }
            case 8:
                let modulus = Int.random(in: 2...9, using: &random)
                let removed = model.calls.filter { $0.value.number % modulus == 0 && modulus == 9 }
                let out = table.removeAll { $0 % modulus == 0 && modulus == 9 }
                #expect(Set(out) == Set(removed.values.map(\.number)))
                for id in removed.keys { model.calls[id] = nil }
                past += removed.keys
            default:
                let longest: Int64 = [5_000, 300_000, 15_000_000].randomElement(using: &random) ?? 0
                now = now + .microseconds(Int64.random(in: 0...longest, using: &random))
                let expired = Set(table.expire(now: now))
                for (id, call) in model.calls {
                    if expired.contains(call.number) {
                        #expect(call.deadline <= now, "early")
                        model.calls[id] = nil
                        past.append(id)
                    } else {
                        #expect(call.due + tick > now, "late")
                    }
                }
            }
            #expect(table.count == model.calls.count)
            #expect((table.nextExpiry == nil) == model.calls.isEmpty)
        }
        #expect(Set(table.expire(now: now + .hours(1))) == Set(model.calls.values.map(\.number)))
        #expect(table.count == 0)
    }
}
