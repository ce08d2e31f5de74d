import MqantRabbitMQ
import MqantRabbitMQTestSupport
import NIOCore
import Testing

@Suite(.timeLimit(.minutes(3)))
struct TopologyTests {
    @Test func bindingsAreAskedForAThousandAtATime() async throws {
        let fake = try FakeBroker { peer in
            guard peer.login() else { return }
            for count in [1000, 1000, 500] {
                // Whoever waits for an answer before the last of them gets none.
                for _ in 0..<count { guard peer.readFrame() != nil else { return } }
                peer.sendMethod(1, 50, 21)
            }
            for count in [1000, 500] {
                for _ in 0..<count { guard peer.readFrame() != nil else { return } }
                for _ in 0..<count { peer.sendMethod(1, 50, 51) }
            }
        }
        try await withConnection(to: [fake.uri]) { connection, recorder in
            let channel = try await connection.openChannel()
            let bindings = (0..<2500).map { QueueBinding(queue: "q", exchange: "x", routingKey: "k\($0)") }
            try await channel.bind(bindings)
            try await channel.unbind(Array(bindings.prefix(1500)))
            #expect(recorder.contents.closed.isEmpty)
        }
    }

    @Test func thousandsOfBindingsAreInForce() async throws {
        try await withConnection { connection, recorder in
            let channel = try await connection.openChannel()
            var exchange = ExchangeDeclaration(name: "bind-\(UInt64.random(in: .min ... .max))", kind: .direct)
            exchange.isAutoDelete = true
            try await channel.declareExchange(exchange)
            let queue = try await channel.temporaryQueue()
            let bindings = (0..<3000).map { QueueBinding(queue: queue, exchange: exchange.name, routingKey: "k\($0)") }
            try await channel.bind(bindings, timeout: .seconds(60))
            try await channel.consume(queue)
            for key in [0, 1500, 2999] {
                try channel.publish(
                    OutgoingMessage(exchange: exchange.name, routingKey: "k\(key)", body: ByteBuffer(integer: key)))
            }
            try await recorder.wait("deliveries") { $0.deliveries.map(\.routingKey) == ["k0", "k1500", "k2999"] }
            for binding in bindings.prefix(2) { try await channel.unbind(binding) }
            var properties = BasicProperties()
            properties.correlationID = "unbound"
            try channel.publish(
                OutgoingMessage(
                    exchange: exchange.name, routingKey: "k0", isMandatory: true, properties: properties,
                    body: ByteBuffer()))
            let returned = try await recorder.wait("return") { !$0.returned.isEmpty }.returned
            #expect(returned.first?.properties.correlationID == "unbound")
        }
    }

    @Test func manyAskersAtOnceEachGetTheirOwnAnswer() async throws {
        try await withConnection { connection, _ in
            let channel = try await connection.openChannel()
            let names = try await withThrowingTaskGroup(of: (String, String).self) { group in
                for number in 0..<300 {
                    group.addTask {
                        var queue = QueueDeclaration(name: "own-\(ObjectIdentifier(connection).hashValue)-\(number)")
                        queue.isExclusive = true
                        return (queue.name, try await channel.declareQueue(queue).name)
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(names.count == 300)
            #expect(names.allSatisfy { $0.0 == $0.1 })
        }
    }

    @Test func aRefusedDeclarationClosesTheChannelWithItsReasonAndItCanBeReopened() async throws {
        try await withConnection { connection, recorder in
            let channel = try await connection.openChannel()
            var missing = QueueDeclaration(name: "there-is-no-such-queue")
            missing.isPassive = true
            let refused = try await rabbitMQError { try await channel.declareQueue(missing) }
            #expect(refused.code == .channelClosed)
            #expect(refused.replyCode == 404)
            #expect(refused.replyText?.contains("NOT_FOUND") == true)
            try await recorder.wait("event") { $0.channelErrors.first?.replyCode == 404 }

            let closed = try await rabbitMQError { _ = try await channel.temporaryQueue() }
            #expect(closed.code == .channelClosed)
            #expect(closed.outcome == .notSent)
            try await channel.reopen()
            let queue = try await channel.temporaryQueue()
            try await channel.consume(queue)
            try channel.publish(OutgoingMessage(routingKey: queue, body: ByteBuffer(string: "again")))
            try await recorder.wait("delivery") { $0.deliveries.count == 1 }
        }
    }

    @Test func refusalsCarryTheBrokersCode() async throws {
        try await withConnection { connection, _ in
            let channel = try await connection.openChannel()
            var declaration = QueueDeclaration(name: "locked-\(UInt64.random(in: .min ... .max))")
            declaration.isExclusive = true
            try await channel.declareQueue(declaration)
            let otherKind = try await rabbitMQError {
                try await channel.declareExchange(ExchangeDeclaration(name: "amq.fanout", kind: .direct))
            }
            #expect(otherKind.replyCode == 406)
            try await withConnection { [declaration] other, _ in
                let channel = try await other.openChannel()
                let locked = try await rabbitMQError { try await channel.declareQueue(declaration) }
                #expect(locked.replyCode == 405)
            }
            let invalid = try await rabbitMQError {
                try await channel.reopen()
                try await channel.declareQueue(QueueDeclaration(name: String(repeating: "x", count: 256)))
            }
            #expect(invalid.code == .invalidArgument)
        }
    }

    @Test func deletionCountsAndRespectsItsConditions() async throws {
        try await withConnection { connection, _ in
            let channel = try await connection.openChannel(confirming: true)
            let queue = try await channel.temporaryQueue()
            for _ in 0..<3 {
                let outcome = try await channel.publishConfirmed(
                    OutgoingMessage(routingKey: queue, body: ByteBuffer(string: "x")))
                guard case .confirmed = outcome else { throw Recorder.TimedOut(description: "\(outcome)") }
            }
            let full = try await rabbitMQError { try await channel.deleteQueue(queue, ifEmpty: true) }
            #expect(full.replyCode == 406)
            try await channel.reopen()
            #expect(try await channel.purgeQueue(queue) == 3)
            try await channel.consume(queue)
            let used = try await rabbitMQError { try await channel.deleteQueue(queue, ifUnused: true) }
            #expect(used.replyCode == 406)
            try await channel.reopen()
            #expect(try await channel.deleteQueue(queue) == 0)

            let exchange = ExchangeDeclaration(name: "gone-\(UInt64.random(in: .min ... .max))", kind: .topic)
            try await channel.declareExchange(exchange)
            try await channel.deleteExchange(exchange.name, ifUnused: true)
            var passive = exchange
            passive.isPassive = true
            let gone = try await rabbitMQError { try await channel.declareExchange(passive) }
            #expect(gone.replyCode == 404)
        }
    }
}
