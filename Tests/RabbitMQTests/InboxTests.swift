import NIOCore
import Testing

@testable import MqantRabbitMQ

struct InboxTests {
    private func publish(_ size: Int) -> Operation {
        .publish(
            ChannelID(number: 1), OutgoingMessage(routingKey: "x", body: ByteBuffer(repeating: 0, count: size)), nil)
    }

    private func isFull(_ inbox: Inbox, _ operation: Operation) -> Bool {
        do {
            try inbox.append(operation)
            return false
        } catch {
            return error.code == .queueFull
        }
    }

    @Test func itsCountIsBoundedUntilWorkIsReleased() {
        let inbox = Inbox(maximumCount: 3, maximumBytes: .max)
        #expect((0..<5).map { _ in isFull(inbox, publish(1)) } == [false, false, false, true, true])
        var taken: [Operation] = []
        _ = inbox.take(into: &taken, releasing: 0, 0)
        #expect(taken.count == 3)
        #expect(isFull(inbox, publish(1)), "taken is not done: it may be held back")
        let weight = publish(1).weight
        #expect(inbox.release(2 * weight.count, 2 * weight.bytes))
        #expect((0..<3).map { _ in isFull(inbox, publish(1)) } == [false, false, true])
    }

    @Test func itsBytesAreBoundedButAnythingFitsAnEmptyOne() {
        let inbox = Inbox(maximumCount: 100, maximumBytes: 10_000)
        #expect(!isFull(inbox, publish(1_000_000)))
        #expect(isFull(inbox, publish(1)))
    }

    @Test func acknowledgingAndClosingAreNeverRefused() {
        let inbox = Inbox(maximumCount: 1, maximumBytes: .max)
        #expect(!isFull(inbox, publish(1)))
        #expect(!isFull(inbox, .tell(ChannelID(number: 1), .acknowledge(1, multiple: false))))
        #expect(!isFull(inbox, .close(Waiter(timeout: nil))))
        #expect(isFull(inbox, .ask(ChannelID(number: 1), [.channelClose], Waiter(timeout: nil))))
    }

    @Test func aClosedOneGivesBackAndRefuses() {
        let inbox = Inbox(maximumCount: 10, maximumBytes: .max)
        #expect(!isFull(inbox, publish(1)))
        #expect(inbox.close(RabbitMQError(.connectionClosed, "x")).count == 1)
        #expect(throws: RabbitMQError.self) { try inbox.append(publish(1)) }
        #expect(throws: RabbitMQError.self) { try inbox.requestWrite() }
    }
}
