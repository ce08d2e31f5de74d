import MqantRabbitMQ
import NIOCore
import Testing

@Suite(.timeLimit(.minutes(3)))
struct ConsumerTests {
    @Test func prefetchHoldsBackUntilAcknowledged() async throws {
        try await withConnection { connection, recorder in
            let channel = try await connection.openChannel()
            let queue = try await channel.temporaryQueue()
            try await channel.setPrefetch(10)
            var options = ConsumerOptions()
            options.withoutAcknowledgement = false
            options.tag = "mine"
            #expect(try await channel.consume(queue, options) == "mine")
            for number in 0..<25 {
                try channel.publish(OutgoingMessage(routingKey: queue, body: ByteBuffer(integer: number)))
            }
            try await recorder.wait("the first ten") { $0.deliveries.count == 10 }
            // A passive declaration is answered after whatever the broker would have sent in excess.
            var declaration = QueueDeclaration(name: queue)
            declaration.isPassive = true
            #expect(try await channel.declareQueue(declaration).messageCount == 15)
            #expect(recorder.contents.deliveries.count == 10)
            try channel.acknowledge(10, multiple: true)
            try await recorder.wait("twenty") { $0.deliveries.count == 20 }
            try channel.acknowledge(11)
            try await recorder.wait("twenty-one") { $0.deliveries.count == 21 }
        }
    }

    @Test func aRejectedMessageComesAgain() async throws {
        try await withConnection { connection, recorder in
            let channel = try await connection.openChannel()
            let queue = try await channel.acknowledgedQueue()
            try channel.publish(OutgoingMessage(routingKey: queue, body: ByteBuffer(string: "x")))
            let first = try await recorder.wait("delivery") { $0.deliveries.count == 1 }.deliveries[0]
            try channel.reject(first.deliveryTag, requeue: true)
            let second = try await recorder.wait("redelivery") { $0.deliveries.count == 2 }.deliveries[1]
            #expect(second.isRedelivered)
            try channel.reject(second.deliveryTag, requeue: false)
            var declaration = QueueDeclaration(name: queue)
            declaration.isPassive = true
            #expect(try await channel.declareQueue(declaration).messageCount == 0)
        }
    }

    @Test func aRejectionMayMeanAllBeforeToo() async throws {
        try await withConnection { connection, recorder in
            let channel = try await connection.openChannel()
            let queue = try await channel.acknowledgedQueue()
            for number in 0..<5 {
                try channel.publish(OutgoingMessage(routingKey: queue, body: ByteBuffer(integer: number)))
            }
            let first = try await recorder.wait("deliveries") { $0.deliveries.count == 5 }.deliveries
            try channel.reject(first[2].deliveryTag, multiple: true, requeue: true)
            let all = try await recorder.wait("redeliveries") { $0.deliveries.count == 8 }.deliveries
            #expect(all.suffix(3).allSatisfy { $0.isRedelivered })
            #expect(all.suffix(3).map { $0.body } == first.prefix(3).map { $0.body }, "those up to the third")
            try channel.reject(all[7].deliveryTag, multiple: true, requeue: false)
            var declaration = QueueDeclaration(name: queue)
            declaration.isPassive = true
            #expect(try await channel.declareQueue(declaration).messageCount == 0)
            // A tag that is settled already would close the channel with 406.
            _ = try await channel.temporaryQueue()
            #expect(recorder.contents.channelErrors.isEmpty)
        }
    }

    @Test func aPrefetchCountIsEachConsumersOwn() async throws {
        try await withConnection { connection, recorder in
            let channel = try await connection.openChannel()
            var options = ConsumerOptions()
            options.withoutAcknowledgement = false
            try await channel.setPrefetch(2)
            var queues: [String] = []
            for _ in 0..<2 {
                queues.append(try await channel.temporaryQueue())
                try await channel.consume(queues[queues.count - 1], options)
            }
            for queue in queues + queues + queues {
                try channel.publish(OutgoingMessage(routingKey: queue, body: ByteBuffer()))
            }
            try await recorder.wait("the first two of each") { $0.deliveries.count == 4 }
            // A passive declaration is answered after whatever the broker would have sent in excess.
            for queue in queues {
                var declaration = QueueDeclaration(name: queue)
                declaration.isPassive = true
                #expect(try await channel.declareQueue(declaration).messageCount == 1)
            }
            #expect(recorder.contents.deliveries.count == 4)
            try channel.acknowledge(4, multiple: true)
            try await recorder.wait("the others") { $0.deliveries.count == 6 }
        }
    }

    @Test func cancellingEndsDeliveriesAndLeavesMessagesInTheQueue() async throws {
        try await withConnection { connection, recorder in
            let channel = try await connection.openChannel(confirming: true)
            let queue = try await channel.temporaryQueue()
            let tag = try await channel.consume(queue)
            try await channel.cancel(consumer: tag)
            _ = try await channel.publishConfirmed(OutgoingMessage(routingKey: queue, body: ByteBuffer(string: "x")))
            var declaration = QueueDeclaration(name: queue)
            declaration.isPassive = true
            let status = try await channel.declareQueue(declaration)
            #expect(status.messageCount == 1)
            #expect(status.consumerCount == 0)
            #expect(recorder.contents.deliveries.isEmpty)
        }
    }

    @Test func aConsumerWhoseQueueIsDeletedIsTold() async throws {
        try await withConnection { connection, recorder in
            let channel = try await connection.openChannel()
            let other = try await connection.openChannel()
            let queue = try await channel.temporaryQueue()
            let tag = try await channel.consume(queue)
            try await other.deleteQueue(queue)
            try await recorder.wait("cancellation") { $0.cancelled == [tag] }
            // The channel lives on.
            _ = try await channel.temporaryQueue()
        }
    }

    @Test func acknowledgingTwiceClosesTheChannelOnly() async throws {
        try await withConnection { connection, recorder in
            let channel = try await connection.openChannel()
            try channel.acknowledge(17)
            let closed = try await recorder.wait("closed channel") { !$0.channelErrors.isEmpty }.channelErrors
            #expect(closed.first?.replyCode == 406)
            _ = try await connection.openChannel().temporaryQueue()
        }
    }

    @Test func aClosedChannelsNumberIsUsedAgain() async throws {
        try await withConnection { connection, _ in
            let first = try await connection.openChannel()
            let second = try await connection.openChannel()
            try await first.close()
            let refused = try await rabbitMQError { _ = try await first.temporaryQueue() }
            #expect(refused.code == .closedLocally)
            let third = try await connection.openChannel()
            #expect(third.id == first.id)
            #expect(third.id != second.id)
            _ = try await third.temporaryQueue()
        }
    }
}

extension AMQPChannel {
    /// A queue whose messages this channel consumes, and settles.
    fileprivate func acknowledgedQueue() async throws -> String {
        let queue = try await temporaryQueue()
        var options = ConsumerOptions()
        options.withoutAcknowledgement = false
        try await consume(queue, options)
        return queue
    }
}
