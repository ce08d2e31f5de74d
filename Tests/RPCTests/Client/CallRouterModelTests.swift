import NIOCore
import Testing

@testable import MqantRPC

/// Events that may happen to one call, in every order: the call ends once, no queue gets it twice, and nothing is left
/// of it.
@Suite("CallRouter, every order", .serialized, .ownThread) struct CallRouterModelTests {
    enum Event: CaseIterable {
        case reply
        case withdrawn
        case returnedByFirst
        case firstIsGone
        case newcomer
        case deadline
    }

    @Test(arguments: [[], ["work"]])
    func aCallEndsOnce(idempotent: [String]) throws {
        var (orders, most) = (0, 0)
        var ends: Set<RPCError.Code?> = []
        try Self.forEachOrder(of: Event.allCases) { order in
            orders += 1
            var harness = RouterHarness()
            harness.announce("a", ["a:Work"], idempotent: idempotent)
            harness.announce("b", ["b:Work"], idempotent: idempotent)
            let start = harness.begin(1, .keyed("Work", key: "k"))
            let call = try #require(start.id)
            var places = [start.place]
            for event in order {
                switch event {
                case .reply: places.append(harness.receive(for: call))
                case .withdrawn: places.append(harness.receive(.failure(.withdrawn), for: call))
                case .returnedByFirst: places.append(harness.returned(call, by: "a:Work#1"))
                case .firstIsGone: places.append(harness.interrupt(call, at: "a:Work#1"))
                case .newcomer: harness.announce("c", ["c:Work"], idempotent: idempotent)
                case .deadline: harness.expire(at: 2000)
                }
            }
            let sent = places.filter { $0.contains(" gets ") }
            #expect(Set(sent).count == sent.count, "no queue gets it twice: \(order)")
            most = max(most, sent.count)
            #expect(harness.ends.ends.count == 1, "\(order)")
            #expect(harness.router.count == 0, "\(order)")
            if let end = harness.codes[1] { ends.insert(end) }
        }
        #expect(orders == 720)
        // Else the orders show nothing.
        let expected: Set<RPCError.Code?> = [nil, .notFound, .timeout]
        #expect(ends.isSuperset(of: expected))
        #expect(ends.contains(RPCError.Code.interrupted) || !idempotent.isEmpty)
        #expect(most == 3)
    }

    /// Heap's algorithm.
    private static func forEachOrder(of events: [Event], _ body: ([Event]) throws -> Void) rethrows {
        var events = events
        func permute(_ count: Int) throws {
            guard count > 1 else { return try body(events) }
            for index in 0..<count {
                try permute(count - 1)
                events.swapAt(count.isMultiple(of: 2) ? index : 0, count - 1)
            }
        }
        try permute(events.count)
    }
}
