import MqantRabbitMQ
import MqantRabbitMQTestSupport
import NIOCore
import Testing

/// What the broker does to us. These tests harm theirs, so it is their own, and one runs at a time.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct BrokerFaultTests {
    private static let broker = Task {
        var options = RabbitMQBroker.Options()
        options.withTLS = true
        return try await RabbitMQBroker.start(options)
    }

    private func uri(_ broker: RabbitMQBroker, withTLS: Bool) throws -> String {
        guard withTLS else { return broker.uri() }
        let authority = try #require(broker.certificates?.authority)
        return "amqps://localhost:\(try #require(broker.tlsPort))/?cacertfile=\(authority)"
    }

    @Test(arguments: [false, true])
    func anAlarmBlocksPublishingAndNotDeliveries(withTLS: Bool) async throws {
        let broker = try await Self.broker.value
        let uri = try uri(broker, withTLS: withTLS)
        try await withConnection(to: [uri], { $0.queueCount = 500 }) { publisher, events in
            let channel = try await publisher.openChannel(confirming: true)
            let topology = try await publisher.openChannel()
            try await withConnection(to: [uri], on: publisher.loop) { consumer, recorder in
                let consuming = try await consumer.openChannel()
                let queue = try await consuming.temporaryQueue()
                func publish(_ text: String) throws {
                    try channel.publish(OutgoingMessage(routingKey: queue, body: ByteBuffer(string: text)))
                }
                for _ in 0..<100 { try publish("before") }
                _ = try await channel.publishConfirmed(OutgoingMessage(routingKey: queue, body: ByteBuffer()))
                try await broker.ctl("set_vm_memory_high_watermark", "0.000001")
                // The broker says it to whoever publishes.
                try publish("first")
                let blocked = try await events.wait("blocked") { !$0.blocked.isEmpty }
                #expect(blocked.blocked.first?.contains("memory") == true)

                // Held back, in a bounded queue, and its fullness told at once.
                var accepted = 0
                let full = try await rabbitMQError {
                    while accepted < 10_000 {
                        try publish("held")
                        accepted += 1
                    }
                }
                #expect(full.code == .queueFull)
                #expect(accepted > 400)
                let late = try await rabbitMQError {
                    try await topology.declareQueue(QueueDeclaration(name: "x"), timeout: .milliseconds(300))
                }
                #expect(late.code == .timeout || late.code == .queueFull)

                // The other connection of the very same thread delivers.
                try await consuming.consume(queue)
                try await recorder.wait("deliveries under the alarm") { $0.deliveries.count >= 101 }

                try await broker.ctl("set_vm_memory_high_watermark", "0.6")
                try await events.wait("unblocked") { $0.unblocked == 1 }
                let total = 102 + accepted
                try await recorder.wait("the held ones") { $0.deliveries.count == total }
                #expect(events.contents.unsent.isEmpty)
            }
        }
    }

    @Test func closingUnderAnAlarmHandsBackWhatWasNotSent() async throws {
        let broker = try await Self.broker.value
        try await broker.ctl("set_vm_memory_high_watermark", "0.000001")
        try await withConnection(to: [broker.uri()]) { publisher, events in
            let channel = try await publisher.openChannel()
            try channel.publish(OutgoingMessage(routingKey: "x", body: ByteBuffer(string: "first")))
            try await events.wait("blocked") { !$0.blocked.isEmpty }
            for number in 0..<50 {
                try channel.publish(OutgoingMessage(routingKey: "x", body: ByteBuffer(integer: number)))
            }
            await publisher.close(timeout: .milliseconds(300))
            let contents = try await events.wait("end") { !$0.closed.isEmpty }
            #expect(contents.unsent.count == 50)
        }
        try await broker.ctl("set_vm_memory_high_watermark", "0.6")
    }

    @Test func anOrderlyStopTellsItsReason() async throws {
        let broker = try await Self.broker.value
        try await withConnection(to: [broker.uri()]) { connection, recorder in
            let channel = try await connection.openChannel()
            _ = try await channel.temporaryQueue()
            await broker.stop()
            let closed = try await recorder.wait("end") { !$0.closed.isEmpty }.closed
            #expect(closed.first?.code == .connectionClosed)
            #expect(closed.first?.replyCode == 320, "CONNECTION_FORCED, not \(String(describing: closed.first))")
            let error = try await rabbitMQError {
                try channel.publish(OutgoingMessage(routingKey: "x", body: ByteBuffer()))
            }
            #expect(error.outcome == .notSent)
        }
        try await broker.start()
        try await withConnection(to: [broker.uri()]) { connection, _ in
            _ = try await connection.openChannel().temporaryQueue()
        }
    }

    @Test func aKilledBrokerIsNoticedAtOnce() async throws {
        let broker = try await Self.broker.value
        try await withConnection(to: [broker.uri()]) { connection, recorder in
            let channel = try await connection.openChannel(confirming: true)
            _ = try await channel.temporaryQueue()
            let pending = Task {
                while true {
                    _ = try await channel.publishConfirmed(OutgoingMessage(routingKey: "x", body: ByteBuffer()))
                }
            }
            await broker.kill()
            let started = ContinuousClock.now
            let closed = try await recorder.wait("end") { !$0.closed.isEmpty }.closed
            #expect(ContinuousClock.now - started < .seconds(2))
            #expect(closed.first?.code == .connectionClosed)
            let error = try await rabbitMQError { try await pending.value }
            #expect(error.code == .connectionClosed)
        }
        try await broker.start()
    }

    @Test func aStoppedProcessIsNoticedByItsSilence() async throws {
        let broker = try await Self.broker.value
        try await withConnection(to: [broker.uri()], { $0.heartbeat = .seconds(1) }) { connection, recorder in
            _ = try await connection.openChannel()
            broker.pause()
            defer { broker.resume() }
            let closed = try await recorder.wait("end") { !$0.closed.isEmpty }.closed
            #expect(closed.first?.message.contains("heartbeat") == true)
        }
    }

    @Test func aThreadStuckInATLSSendIsFreedWithinTheBound() async throws {
        let broker = try await Self.broker.value
        let uri = try uri(broker, withTLS: true) + "&heartbeat=0"
        try await withConnection(to: [uri], { $0.sendStallLimit = .milliseconds(800) }) { connection, recorder in
            let channel = try await connection.openChannel()
            broker.pause()
            defer { broker.resume() }
            let body = ByteBuffer(repeating: 1, count: 1 << 20)
            for _ in 0..<40 { try channel.publish(OutgoingMessage(routingKey: "x", body: body)) }
            let closed = try await recorder.wait("end", timeout: .seconds(10)) { !$0.closed.isEmpty }.closed
            #expect(closed.first?.message.contains("took nothing") == true, "\(closed)")
        }
    }

    @Test(arguments: [false, true])
    func heartbeatsKeepAnIdleConnectionAlive(withTLS: Bool) async throws {
        let broker = try await Self.broker.value
        let uri = try uri(broker, withTLS: withTLS)
        try await withConnection(to: [uri + (withTLS ? "&" : "?") + "heartbeat=1"]) { connection, recorder in
            let channel = try await connection.openChannel()
            // RabbitMQ would close after two silent seconds. Nothing to wait for: that nothing happens is the point.
            let ended = try? await recorder.wait("end", timeout: .seconds(5)) { !$0.closed.isEmpty }
            #expect(ended == nil)
            _ = try await channel.temporaryQueue()
        }
    }

    @Test func anAdministratorsCloseIsTold() async throws {
        let broker = try await Self.broker.value
        try await withConnection(to: [broker.uri()]) { connection, recorder in
            _ = try await connection.openChannel()
            try await broker.ctl("close_all_connections", "maintenance by test")
            let closed = try await recorder.wait("end") { !$0.closed.isEmpty }.closed
            #expect(closed.first?.replyCode == 320)
            #expect(closed.first?.replyText?.contains("maintenance by test") == true)
        }
    }
}
