import Logging
import MqantRPC
import MqantRabbitMQ
import NIOCore
import Testing

@testable import MqantRPCRabbitMQ

/// When `run` of a transport returns, where there is no broker.
@Suite(.timeLimit(.minutes(1))) struct RunTests {
    private func transport() throws -> RabbitMQTransport {
        // Nothing listens there.
        var configuration = RabbitMQTransport.Configuration(
            connection: try Connection.Configuration(uris: ["amqp://127.0.0.1:1"]))
        configuration.startTimeout = .zero
        return RabbitMQTransport(
            node: "n", configuration: configuration, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    @Test func itReturnsAfterTheShutdownOfATransportThatNeverStarted() async throws {
        let transport = try transport()
        await withDiscardingTaskGroup { group in
            for _ in 0..<2 { group.addTask { await transport.run() } }
            await transport.shutdown()
        }
        // It is over for good.
        await transport.run()
    }

    @Test func itReturnsAfterAStartThatFailed() async throws {
        let transport = try transport()
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await transport.run() }
            await #expect(throws: RPCError.self) { try await transport.start(Deaf()) }
            await transport.shutdown()
        }
    }

    @Test func itReturnsWhenItsTaskIsCancelled() async throws {
        let transport = try transport()
        await withDiscardingTaskGroup { group in
            group.addTask { await transport.run() }
            group.cancelAll()
        }
        await transport.shutdown()
    }

    @Test func whatIsSentAfterTheShutdownIsRefused() async throws {
        let transport = try transport()
        await transport.shutdown()
        let outcomes = AsyncStream<DeliveryOutcome>.makeStream()
        transport.send(RPCRequest(function: "f", payload: .json(ByteBuffer())), to: "q") {
            outcomes.continuation.yield($0)
        }
        let outcome = await outcomes.stream.first { _ in true }
        let isUnknown = if case .unknown = outcome { true } else { false }
        #expect(isUnknown)
        let error = await #expect(throws: RPCError.self) { _ = try await transport.openQueue(for: "i") }
        #expect(error?.code == .shuttingDown)
    }

    /// Hears nothing.
    private final class Deaf: TransportReceiver {
        func received(_ envelope: Envelope, on queue: QueueName) {}
        func returned(_ envelope: Envelope, from queue: QueueName) {}
        func received(_ announcement: Announcement) {}
        func refused(_ request: RPCRequest, _ error: RPCError) {}
        func vanished(_ queue: QueueName, probedAt: NIODeadline) {}
        func gone(_ node: NodeID, _ queues: [QueueName]) {}
        func told(_ claim: MembershipTable.Claim) {}
        func answered(_ node: NodeID) {}
        func asked(by queue: QueueName?) {}
        func heardItself() {}
        func announcementsRestored() {}
        func refused(_ node: NodeID, host: String, version: Int) {}
        func connectionChanged(_ change: ConnectionChange) {}
    }
}
