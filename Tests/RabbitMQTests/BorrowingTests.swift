import MqantRabbitMQ
import MqantRabbitMQTestSupport
import NIOCore
import Synchronization
import Testing

/// A thread that finds the owner of a connection asleep writes by itself.
@Suite(.timeLimit(.minutes(2)))
struct BorrowingTests {
    /// What waits to be written in one message, and where that goes.
    private final class Line: Sendable {
        private let bytes = Mutex<[UInt8]>([])
        private let target = Mutex<(AMQPChannel, String)?>(nil)

        func append(_ byte: UInt8) { bytes.withLock { $0.append(byte) } }

        func open(_ channel: AMQPChannel, _ queue: String) { target.withLock { $0 = (channel, queue) } }

        func write() {
            guard let (channel, queue) = target.withLock({ $0 }) else { return }
            let waiting = bytes.withLock { bytes in
                defer { bytes = [] }
                return bytes
            }
            guard !waiting.isEmpty else { return }
            do {
                try channel.publish(OutgoingMessage(routingKey: queue, body: ByteBuffer(bytes: waiting)))
            } catch {
                Issue.record(error)
            }
        }
    }

    /// Nothing wakes the thread of such a connection but what it sends and gets.
    private static func uri() async throws -> String { try await SharedBroker.get().uri() + "?heartbeat=0" }

    @Test func whatABorrowerPublishesOnAnotherConnectionOfTheLoopLeavesToo() async throws {
        let uri = try await Self.uri()
        let (loop, recorder, line) = (try ConnectionLoop(), Recorder(), Line())
        var handlers = Recorder().handlers
        handlers.write = { _ in
            line.write()
            return false
        }
        try await withConnection(to: [uri], recorder: recorder) { consumer, _ in
            let consuming = try await consumer.openChannel()
            let queue = try await consuming.temporaryQueue()
            try await consuming.consume(queue)
            try await withConnection(to: [uri], on: loop) { other, _ in
                let configuration = try Connection.Configuration(uris: [uri])
                let asked = try await Connection.open(configuration, on: loop, handlers: handlers)
                line.open(try await other.openChannel(), queue)
                for number in 1...20 {
                    // Long enough without sending that the loop may be borrowed.
                    try await Task.sleep(for: .milliseconds(1))
                    line.append(0)
                    try asked.requestWrite()
                    try await recorder.wait("message \(number)") { $0.deliveries.count == number }
                }
                await asked.close()
            }
        }
    }

    /// Threads that ask at any moment of the loop's going to sleep and waking up. Each waits for its message before it sends
    /// the next, so one that is left behind is missed.
    @Test func noRequestIsLeftBehind() async throws {
        let (senders, rounds) = (4, 300)
        let line = Line()
        let arrivals = (0..<senders).map { _ in AsyncStream<Void>.makeStream() }
        let handlers = ConnectionHandlers(
            deliveries: { batch in
                for sender in batch.flatMap(\.body.readableBytesView) { arrivals[Int(sender)].continuation.yield() }
            },
            event: { _ in },
            write: { _ in
                line.write()
                return false
            })
        let connection = try await Connection.open(
            Connection.Configuration(uris: [try await Self.uri()]), handlers: handlers)
        let channel = try await connection.openChannel()
        let queue = try await channel.temporaryQueue()
        try await channel.consume(queue)
        line.open(channel, queue)
        try await withThrowingTaskGroup(of: Int.self) { group in
            for (sender, arrival) in arrivals.enumerated() {
                group.addTask {
                    var random = SeededGenerator(seed: UInt64(sender))
                    var got = arrival.stream.makeAsyncIterator()
                    for _ in 0..<rounds {
                        // Sometimes longer than the lull after which the loop is borrowed.
                        if Bool.random(using: &random) { try await Task.sleep(for: .microseconds(200)) }
                        line.append(UInt8(sender))
                        try connection.requestWrite()
                        try #require(await got.next() != nil)
                    }
                    return rounds
                }
            }
            let answered = try await group.reduce(0, +)
            #expect(answered == senders * rounds)
        }
        await connection.close()
    }
}
