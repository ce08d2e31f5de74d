import MqantRabbitMQTestSupport
import NIOCore
import Testing

@testable import MqantRabbitMQ

struct HeldOperationsTests {
    private typealias Room = HeldOperations.Room

    private let free = Room(isBlocked: false, pendingBytes: 0, limit: 100)
    private let blocked = Room(isBlocked: true, pendingBytes: 0, limit: 100)
    /// Methods may still be written, messages no more.
    private let tight = Room(isBlocked: false, pendingBytes: 100, limit: 100)
    private let full = Room(isBlocked: false, pendingBytes: 200, limit: 100)

    private func message(_ number: Int, _ waiter: Waiter<PublishOutcome>? = nil) -> Operation {
        .publish(ChannelID(number: 1), OutgoingMessage(routingKey: "m\(number)", body: ByteBuffer()), waiter)
    }

    private func method(_ number: UInt64) -> Operation {
        .tell(ChannelID(number: 1), .acknowledge(number, multiple: false))
    }

    private func goodbye() -> Operation { .close(Waiter(timeout: .seconds(5))) }

    private func name(_ operation: Operation) -> String {
        switch operation {
        case .publish(_, let message, _): message.routingKey
        case .tell(_, .acknowledge(let tag, _)): "a\(tag)"
        case .close: "close"
        default: "?"
        }
    }

    private func takeNext(_ held: inout HeldOperations, _ room: Room) -> [String] {
        var names: [String] = []
        while let next = held.next(room) { names.append(name(next)) }
        return names
    }

    @Test func anOperationIsHeldOnlyIfThereIsNoRoom() {
        var held = HeldOperations()
        let isHeld = [free, blocked, tight, full].map { room in
            var (forMessage, forMethod) = (held, held)
            return [forMessage.hold(message(1), room), forMethod.hold(method(1), room)]
        }
        #expect(isHeld == [[false, false], [true, false], [true, false], [true, true]])
        let stays = held.hold(message(1), blocked)
        let follows = held.hold(message(2), free)
        #expect(stays && follows, "the second stays behind the first")
        #expect(!held.admitsMessage(free) && held.admitsMethod(free))
    }

    /// Whatever comes, messages keep their order, methods keep theirs, and nothing is lost or done twice.
    @Test(arguments: 0..<100)
    func orderIsKept(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        var held = HeldOperations()
        var (messages, methods) = (0, 0)
        var done: [String] = []
        for _ in 0..<200 {
            let room = Room(
                isBlocked: Bool.random(using: &random), pendingBytes: Int.random(in: 0..<250, using: &random),
                limit: 100)
            switch Int.random(in: 0..<3, using: &random) {
            case 0:
                messages += 1
                if !held.hold(message(messages), room) { done.append("m\(messages)") }
            case 1:
                methods += 1
                if !held.hold(method(UInt64(methods)), room) { done.append("a\(methods)") }
            default:
                let isPromised = held.hasNext(room, awaitsSocket: true)
                let names = takeNext(&held, room)
                #expect(names.isEmpty != isPromised)
                done += names
            }
        }
        done += takeNext(&held, free)
        #expect(done.filter { $0.hasPrefix("m") } == (0..<messages).map { "m\($0 + 1)" })
        #expect(done.filter { $0.hasPrefix("a") } == (0..<methods).map { "a\($0 + 1)" })
    }

    @Test func goodbyeFollowsMessagesThatWaitForTheSocket() {
        var held = HeldOperations()
        _ = held.hold(message(1), tight)
        _ = held.hold(goodbye(), tight)
        #expect(takeNext(&held, tight) == [])
        #expect(takeNext(&held, free) == ["m1", "close"])
    }

    @Test func goodbyeDoesNotWaitForABrokerThatBlocks() {
        var held = HeldOperations()
        _ = held.hold(message(1), blocked)
        let isHeld = held.hold(goodbye(), blocked)
        #expect(!isHeld)
        #expect(held.takeAll().map(name) == ["m1"])
        #expect(!held.hasMessages)
    }

    /// The output counts as full, but nothing of it waits for the socket: the next pass begins with room.
    @Test func aPassIsWorthItIfTheSocketTakesMore() {
        var held = HeldOperations()
        _ = held.hold(message(1), tight)
        #expect(held.hasNext(tight, awaitsSocket: false))
        #expect(!held.hasNext(tight, awaitsSocket: true))
        #expect(!held.hasNext(blocked, awaitsSocket: false))
    }

    @Test func theLateAreFoundAndTheNextDeadlineIsKnown() {
        var held = HeldOperations()
        let waiters = [1, 5, 3].map { Waiter<PublishOutcome>(timeout: .seconds($0)) }
        for (number, waiter) in waiters.enumerated() { _ = held.hold(message(number, waiter), blocked) }
        _ = held.hold(message(9), blocked)
        let late = held.late(waiters[0].deadline)
        #expect(late.operations.map(name) == ["m0"])
        #expect(late.next == waiters[2].deadline)
        #expect(takeNext(&held, free) == ["m0", "m1", "m2", "m9"], "they stay")
    }
}
