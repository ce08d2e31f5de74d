import MqantRPC
import MqantRabbitMQ
import MqantRabbitMQTestSupport
import NIOCore
import Synchronization
import Testing

@testable import MqantRPCRabbitMQ

/// What the writer does when it cannot write, or always finds more to write: the thread that it runs on has other duties.
@Suite(.timeLimit(.minutes(2)))
struct WriterTests {
    private let outbox = Outbox(maxCount: 1000, maxBytes: 1 << 20)

    /// A writer that a connection asks.
    private func withWriter(
        refuse: @escaping @Sendable (RPCRequest, RPCError) -> Void = { _, _ in },
        _ body: (Writer, Connection) async throws -> Void
    ) async throws {
        let settings = try RabbitMQNetwork(broker: await SharedBroker.get()).configuration()
        let writer = Mutex<Writer?>(nil)
        let handlers = ConnectionHandlers(
            deliveries: { _ in }, event: { _ in },
            write: { connection in writer.withLock { $0 }?.write(connection) ?? false })
        let connection = try await Connection.open(settings.connection, handlers: handlers)
        let made = Writer(
            node: "a", names: TopologyNames(settings, node: "a"), queues: try await connection.openChannel(),
            confirming: try await connection.openChannel(confirming: true),
            trial: SizeTrial(
                on: try await connection.openChannel(confirming: true), largest: 1 << 20,
                logger: RabbitMQNetwork.logger), outbox: outbox, readers: BatchReaders(),
            confirmTimeout: .seconds(1), statistics: TransportStatistics(), echo: AnnouncementEcho(), refuse: refuse,
            rejected: { _ in }, rank: { _ in .locked })
        try await made.trial.test(0)
        writer.withLock { $0 = made }
        try await body(made, connection)
        await connection.close()
    }

    private func confirmed(_ number: Int, until: NIODeadline) -> OutboxEntry {
        let request = RPCRequest(function: "f", payload: .json(ByteBuffer(string: "[\(number)]")))
        return OutboxEntry(.confirmed(request, until: until) { _ in }, to: "calls")
    }

    @Test func whatCannotBeWrittenWaitsInItsOrderAndTheThreadGoesOn() async throws {
        try await withWriter { writer, connection in
            // The broker closes the channel: no such exchange.
            try writer.confirming.publish(
                OutgoingMessage(exchange: "none.such", routingKey: "", body: ByteBuffer()))
            try await eventually("the channel is closed") {
                do { try await writer.confirming.setPrefetch(1) } catch { return true }
                return false
            }
            outbox.connectionOpened()
            // So that a thread which tries again and again comes to an end.
            let deadline = NIODeadline.now() + .seconds(30)
            for number in 0..<3 { _ = outbox.append(confirmed(number, until: deadline)) }
            try connection.requestWrite()
            // Answered by the thread that writes.
            try await connection.openChannel().close()
            let texts = outbox.take(maxCount: 10, maxBytes: 1 << 20).entries.map { entry in
                if case .confirmed(let request, _, _) = entry.content {
                    String(buffer: request.payload.buffer)
                } else {
                    ""
                }
            }
            #expect(texts == ["[0]", "[1]", "[2]"])
        }
    }

    @Test func whoeverAlwaysHasMoreToWriteDoesNotKeepTheThreadFromReading() async throws {
        // It takes its time to start.
        _ = try await SharedBroker.get()
        let isOver = Atomic<Bool>(false)
        let end = NIODeadline.now() + .seconds(30)
        let refuse: @Sendable (RPCRequest, RPCError) -> Void = { [outbox] request, _ in
            guard !isOver.load(ordering: .relaxed), NIODeadline.now() < end else { return }
            _ = outbox.append(OutboxEntry(.request(request), to: "calls"))
        }
        try await withWriter(refuse: refuse) { _, connection in
            var late = RPCRequest(function: "f", payload: .json(ByteBuffer(string: "[]")))
            late.deadline = .now() - .seconds(1)
            _ = outbox.append(OutboxEntry(.request(late), to: "calls"))
            try connection.requestWrite()
            // Answered by the thread that writes.
            try await connection.openChannel().close()
            #expect(NIODeadline.now() < end)
            isOver.store(true, ordering: .relaxed)
        }
    }
}
