import Dispatch
import MqantRabbitMQTestSupport
import NIOCore
import Synchronization
import Testing

@testable import MqantRabbitMQ

@Suite(.timeLimit(.minutes(3)))
struct LifetimeTests {
    /// Held by a connection's handlers alone: opens its gate when the last thing of the connection is gone.
    private final class Sentinel: Sendable {
        let gone: MqantRabbitMQTestSupport.Condition

        init(_ gone: MqantRabbitMQTestSupport.Condition) { self.gone = gone }

        deinit { gone.open() }
    }

    private func handlers(_ gone: MqantRabbitMQTestSupport.Condition, _ recorder: Recorder) -> ConnectionHandlers {
        let sentinel = Sentinel(gone)
        return ConnectionHandlers(
            deliveries: { batch in withExtendedLifetime(sentinel) { recorder.handlers.deliveries(batch) } },
            event: { event in withExtendedLifetime(sentinel) { recorder.handlers.event(event) } })
    }

    @Test func nothingIsLeftOfAClosedConnection() async throws {
        let gone = MqantRabbitMQTestSupport.Condition()
        let uri = try await SharedBroker.get().uri()
        do {
            let connection = try await Connection.open(
                Connection.Configuration(uris: [uri]), handlers: handlers(gone, Recorder()))
            let channel = try await connection.openChannel(confirming: true)
            let queue = try await channel.temporaryQueue()
            try await channel.consume(queue)
            _ = try await channel.publishConfirmed(OutgoingMessage(routingKey: queue, body: ByteBuffer(string: "x")))
            await connection.close()
        }
        await gone.wait()
    }

    @Test func nothingIsLeftOfAConnectionThatWasCut() async throws {
        let gone = MqantRabbitMQTestSupport.Condition()
        let recorder = Recorder()
        let uri = try await SharedBroker.get().uri()
        do {
            let connection = try await Connection.open(
                Connection.Configuration(uris: [uri]), handlers: handlers(gone, recorder))
            let channel = try await connection.openChannel()
            for _ in 0..<1000 {
                try channel.publish(OutgoingMessage(routingKey: "x", body: ByteBuffer(repeating: 1, count: 1000)))
            }
            connection.abort()
            try await recorder.wait("end") { $0.closed.map(\.code) == [.closedLocally] }
            let error = try await rabbitMQError { _ = try await channel.temporaryQueue() }
            #expect(error.code == .closedLocally)
            #expect(error.outcome == .notSent)
        }
        await gone.wait()
    }

    @Test func nothingIsLeftOfAFailedOpening() async throws {
        let gone = MqantRabbitMQTestSupport.Condition()
        let port = try FreePort.find()
        do {
            let configuration = try Connection.Configuration(uris: ["amqp://127.0.0.1:\(port)"])
            _ = try await rabbitMQError {
                _ = try await Connection.open(configuration, handlers: handlers(gone, Recorder()))
            }
        }
        await gone.wait()
    }

    @Test func closingTellsOnceAndIsFinal() async throws {
        try await withConnection { connection, recorder in
            let channel = try await connection.openChannel()
            await connection.close()
            await connection.close()
            let error = try await rabbitMQError {
                try channel.publish(OutgoingMessage(routingKey: "x", body: ByteBuffer()))
            }
            #expect(error.code == .closedLocally)
            #expect(error.outcome == .notSent)
            let contents = try await recorder.wait("end") { !$0.closed.isEmpty }
            #expect(contents.closed.map(\.code) == [.closedLocally])
        }
    }

    @Test func whatWasQueuedIsWrittenBeforeTheGoodbye() async throws {
        try await withConnection { consumer, recorder in
            let consuming = try await consumer.openChannel()
            let queue = try await consuming.temporaryQueue()
            try await consuming.consume(queue)
            try await withConnection { publisher, _ in
                let channel = try await publisher.openChannel()
                for _ in 0..<5000 {
                    try channel.publish(OutgoingMessage(routingKey: queue, body: ByteBuffer(repeating: 1, count: 500)))
                }
                // Longer than by default, for other brokers start at this moment: what takes longer is cut off.
                await publisher.close(timeout: .seconds(60))
            }
            try await recorder.wait("all") { $0.deliveries.count == 5000 }
        }
    }

    @Test func whatWaitsForASlowBrokerIsWrittenBeforeTheGoodbye() async throws {
        let gate = DispatchSemaphore(value: 0)
        let publishes = Mutex(0)
        let broker = try FakeBroker { peer in
            guard peer.login() else { return }
            gate.wait()
            while let frame = peer.readFrame() {
                // basic.publish, and in the end connection.close.
                if frame.payload.prefix(4) == [0, 60, 0, 40], frame.kind == 1 { publishes.withLock { $0 += 1 } }
                if frame.payload.prefix(4) == [0, 10, 0, 50], frame.kind == 1 { return peer.sendMethod(0, 10, 51) }
            }
        }
        let recorder = Recorder()
        // Without heartbeats, for this broker sends none, and with patience.
        var configuration = try Connection.Configuration(uris: [broker.uri + "?heartbeat=0"])
        configuration.sendStallLimit = .seconds(60)
        let connection = try await Connection.open(configuration, handlers: recorder.handlers)
        let channel = try await connection.openChannel()
        // More than the kernel takes for a peer that does not read.
        for _ in 0..<200 {
            try channel.publish(OutgoingMessage(routingKey: "x", body: ByteBuffer(repeating: 1, count: 100_000)))
        }
        let waiter = Waiter<Reply>(timeout: .seconds(60))
        _ = try await waiter.wait {
            try connection.submit(.close(waiter))
            gate.signal()
        }
        let contents = try await recorder.wait("end") { !$0.closed.isEmpty }
        #expect(publishes.withLock { $0 } == 200)
        #expect(contents.unsent.count == 0)
        #expect(contents.closed.map(\.code) == [.closedLocally])
    }
}
