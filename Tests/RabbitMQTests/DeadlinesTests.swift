import NIOCore
import Synchronization
import Testing

@testable import MqantRabbitMQ

struct DeadlinesTests {
    @Test func whoeverIsLateIsToldAndTheNextDeadlineIsKnown() throws {
        let told = Mutex<[String]>([])
        func waiter<Value>(_ name: String, _ seconds: Int) -> Waiter<Value> {
            Waiter(timeout: .seconds(seconds)) { result in
                if case .failure = result { told.withLock { $0.append(name) } }
            }
        }
        let channels = ChannelTable(maximum: 10, maximumBodySize: 100)
        let channel = try #require(channels.add(isConfirming: true))
        let message = OutgoingMessage(routingKey: "q", body: ByteBuffer())
        let (request, later): (Waiter<Reply>, Waiter<Reply>) = (waiter("request", 1), waiter("later", 100))
        let (published, unwritten): (Waiter<PublishOutcome>, Waiter<PublishOutcome>) = (
            waiter("published", 2), waiter("unwritten", 3)
        )
        channel.willSend(.queuePurge("q"), waiter: request)
        channel.willSend(.queuePurge("q"), waiter: later)
        _ = channel.willPublish(message, waiter: published)
        var held = HeldOperations()
        _ = held.hold(
            .publish(channel.id, message, unwritten), .init(isBlocked: true, pendingBytes: 0, limit: 1))

        var deadlines = Deadlines()
        for deadline in [request.deadline, later.deadline, published.deadline, unwritten.deadline] {
            deadlines.note(deadline)
        }
        #expect(deadlines.earliest == request.deadline)
        deadlines.late(MonotonicTime(nanoseconds: request.deadline.nanoseconds - 1), channels, held).tell()
        #expect(told.withLock { $0 } == [])
        deadlines.late(request.deadline, channels, held).tell()
        #expect(told.withLock { $0 } == ["request"])
        #expect(deadlines.earliest == published.deadline)
        deadlines.late(unwritten.deadline, channels, held).tell()
        #expect(told.withLock { $0 } == ["request", "published", "unwritten"])
        #expect(deadlines.earliest == later.deadline)
    }
}
