import MqantRabbitMQ
import MqantRabbitMQTestSupport
import NIOCore
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(3)))
struct PublishConsumeTests {
    @Test func aMessageArrivesWithAllItsProperties() async throws {
        try await withConnection { connection, recorder in
            let channel = try await connection.openChannel()
            let queue = try await channel.temporaryQueue()
            let tag = try await channel.consume(queue)
            var properties = BasicProperties()
            properties.contentType = "application/json"
            properties.contentEncoding = "identity"
            properties.deliveryMode = .transient
            properties.priority = 3
            properties.correlationID = "c-17"
            properties.replyTo = "the queue for replies, a long name"
            properties.expiration = "60000"
            properties.messageID = "m-1"
            properties.timestamp = 1_700_000_000
            properties.type = "getRand"
            properties.userID = "guest"
            properties.appID = "node 1"
            properties.clusterID = "c"
            // In the order of their names: RabbitMQ 4 hands them on so, 3 in the order in which they came.
            properties.headers = [
                "array": .array(["a", 2, .void]), "bool": true, "bytes": .bytes(ByteBuffer(bytes: [0, 255, 128])),
                "decimal": .decimal(scale: 2, value: 314), "double": .double(-2.25), "float": .float(1.5),
                "int16": .int16(-300), "int32": .int32(-70_000), "int64": .int64(.min), "int8": .int8(-8),
                "string": "žluťoučký 🐎", "table": .table(["x": .table(["y": 1])]), "timestamp": .timestamp(1),
                "uint16": .uint16(60_000), "uint32": .uint32(4_000_000_000), "uint8": .uint8(200), "void": .void,
            ]
            let body = ByteBuffer(bytes: [0, 1, 2, 255])
            try channel.publish(OutgoingMessage(routingKey: queue, properties: properties, body: body))
            let delivery = try #require(
                try await recorder.wait("delivery") { !$0.deliveries.isEmpty }.deliveries.first)
            #expect(delivery.properties == properties)
            #expect(delivery.body == body)
            #expect(delivery.consumerTag == tag)
            #expect(delivery.deliveryTag == 1)
            #expect(delivery.exchange == "")
            #expect(delivery.routingKey == queue)
            #expect(!delivery.isRedelivered)
        }
    }

    @Test(arguments: [0, 1, 131_063, 131_064, 131_065, 262_200, 8 * 1024 * 1024])
    func bodiesOfEverySizeArriveUnchanged(size: Int) async throws {
        try await withConnection { connection, recorder in
            let channel = try await connection.openChannel()
            let queue = try await channel.temporaryQueue()
            try await channel.consume(queue)
            let body = ByteBuffer(bytes: (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) })
            try channel.publish(OutgoingMessage(routingKey: queue, body: body))
            let contents = try await recorder.wait("delivery") { !$0.deliveries.isEmpty }
            #expect(contents.deliveries.first?.body == body)
        }
    }

    @Test func manyMessagesKeepTheirOrder() async throws {
        try await withConnection { connection, recorder in
            let channel = try await connection.openChannel()
            let queue = try await channel.temporaryQueue()
            try await channel.consume(queue)
            let count = 20_000
            for number in 0..<count {
                try channel.publish(OutgoingMessage(routingKey: queue, body: ByteBuffer(integer: number)))
            }
            let contents = try await recorder.wait("all deliveries") { $0.deliveries.count == count }
            let numbers = contents.deliveries.map { $0.body.getInteger(at: $0.body.readerIndex, as: Int.self) }
            #expect(numbers == Array(0..<count))
        }
    }

    @Test func aHandlerRepliesFromTheOwnerThreadOnTheOtherConnection() async throws {
        let uri = try await SharedBroker.get().uri()
        let loop = try ConnectionLoop()
        try await withConnection(to: [uri], on: loop) { publisher, _ in
            let replies = try await publisher.openChannel()
            let handlers = ConnectionHandlers(
                deliveries: { batch in
                    #expect(loop.isCurrent && publisher.hasRoom)
                    for delivery in batch {
                        let reply = OutgoingMessage(
                            routingKey: delivery.properties.replyTo ?? "", body: delivery.body)
                        do { try replies.publish(reply) } catch { Issue.record(error) }
                    }
                }, event: { _ in })
            let consumer = try await Connection.open(
                Connection.Configuration(uris: [uri]), on: loop, handlers: handlers)
            let channel = try await consumer.openChannel()
            let served = try await channel.temporaryQueue()
            try await channel.consume(served)
            try await withConnection { caller, recorder in
                let calls = try await caller.openChannel()
                let queue = try await calls.temporaryQueue()
                try await calls.consume(queue)
                var properties = BasicProperties()
                properties.replyTo = queue
                for number in 0..<1000 {
                    try calls.publish(
                        OutgoingMessage(
                            routingKey: served, properties: properties, body: ByteBuffer(integer: number)))
                }
                try await recorder.wait("all answers") { $0.deliveries.count == 1000 }
            }
            await consumer.close()
        }
    }

    @Test func theWriteHandlerIsAskedWhenRequestedAndUntilItHasNoMore() async throws {
        let uri = try await SharedBroker.get().uri()
        let recorder = Recorder()
        let left = Mutex(5000)
        let target = Mutex<(AMQPChannel, String)?>(nil)
        var handlers = recorder.handlers
        handlers.write = { connection in
            guard let (channel, queue) = target.withLock({ $0 }) else { return false }
            while connection.hasRoom {
                let number = left.withLock { left in
                    left -= 1
                    return left
                }
                if number < 0 { return false }
                do {
                    let body = ByteBuffer(repeating: 7, count: 1000)
                    try channel.publish(OutgoingMessage(routingKey: queue, body: body))
                } catch {
                    Issue.record(error)
                    return false
                }
            }
            return true
        }
        var configuration = try Connection.Configuration(uris: [uri])
        configuration.outputLimit = 64 * 1024
        let connection = try await Connection.open(configuration, handlers: handlers)
        let channel = try await connection.openChannel()
        let queue = try await channel.temporaryQueue()
        try await channel.consume(queue)
        target.withLock { $0 = (channel, queue) }
        #expect(!connection.hasRoom, "not the owner thread")
        try connection.requestWrite()
        try await recorder.wait("all deliveries") { $0.deliveries.count == 5000 }
        await connection.close()
    }
}
