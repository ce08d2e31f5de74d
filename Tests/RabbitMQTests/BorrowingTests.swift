import NIOCore
import RabbitMQ
import RabbitMQTestSupport
import Synchronization
import Testing

/// A thread that finds the owner of a connection asleep writes by itself.
@Suite(.timeLimit(.minutes(2)))
struct BorrowingTests {
    /// Two connections on one thread that nothing wakes but what they send and get.
    @Test func whatABorrowerPublishesOnAnotherConnectionOfTheLoopLeavesToo() async throws {
        let uri = try await SharedBroker.get().uri() + "?heartbeat=0"
        let (loop, recorder) = (try ConnectionLoop(), Recorder())
        let target = Mutex<(AMQPChannel, String)?>(nil)
        var handlers = Recorder().handlers
        handlers.write = { _ in
            guard let (channel, queue) = target.withLock({ $0 }) else { return false }
            do {
                try channel.publish(OutgoingMessage(routingKey: queue, body: ByteBuffer(string: "x")))
            } catch {
                Issue.record(error)
            }
            return false
        }
        try await withConnection(to: [uri], recorder: recorder) { consumer, _ in
            let consuming = try await consumer.openChannel()
            let queue = try await consuming.temporaryQueue()
            try await consuming.consume(queue)
            try await withConnection(to: [uri], on: loop) { other, _ in
                let configuration = try Connection.Configuration(uris: [uri])
                let asked = try await Connection.open(configuration, on: loop, handlers: handlers)
                let channel = try await other.openChannel()
                target.withLock { $0 = (channel, queue) }
                for number in 1...20 {
                    // Long enough without sending that the loop may be borrowed.
                    try await Task.sleep(for: .milliseconds(1))
                    try asked.requestWrite()
                    try await recorder.wait("message \(number)", timeout: .seconds(10)) {
                        $0.deliveries.count == number
                    }
                }
                await asked.close()
            }
        }
    }
}
