import MqantRabbitMQ
import NIOCore
import Testing

@Suite(.timeLimit(.minutes(3)))
struct PublishOutcomeTests {
    private func message(_ key: String, mandatory: Bool = true, _ body: String = "x") -> OutgoingMessage {
        OutgoingMessage(routingKey: key, isMandatory: mandatory, body: ByteBuffer(string: body))
    }

    @Test func aMandatoryMessageWithoutAQueueComesBackWhole() async throws {
        try await withConnection { connection, recorder in
            let channel = try await connection.openChannel()
            var sent = message("nobody-listens-here", "body")
            sent.properties.correlationID = "17"
            sent.properties.headers = ["h": 1]
            try channel.publish(sent)
            let returned = try await recorder.wait("return") { !$0.returned.isEmpty }.returned[0]
            #expect(returned.replyCode == 312)
            #expect(returned.replyText == "NO_ROUTE")
            #expect(returned.routingKey == "nobody-listens-here")
            #expect(returned.properties == sent.properties)
            #expect(returned.body == sent.body)
        }
    }

    @Test func confirmationsTellWhichOfManyWereReturned() async throws {
        try await withConnection { connection, recorder in
            let channel = try await connection.openChannel(confirming: true)
            let queue = try await channel.temporaryQueue()
            let wrong = try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<1000 {
                    let hasQueue = number % 3 != 0
                    let sent = message(hasQueue ? queue : "nobody", "\(number)")
                    group.addTask {
                        switch try await channel.publishConfirmed(sent) {
                        case .confirmed: !hasQueue
                        case .returned(let message): hasQueue || message.body != sent.body
                        case .refused: true
                        }
                    }
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(wrong == 0)
            #expect(recorder.contents.returned.isEmpty, "awaited returns are not events")
        }
    }

    /// In the middle of an answer, on the channel that it concerns.
    @Test func whoeverIsToldOfAMessageMayPublishTheNextAtOnce() async throws {
        try await withConnection { connection, _ in
            let channel = try await connection.openChannel(confirming: true)
            let (told, tell) = AsyncStream<Int>.makeStream()
            let sent = message("nobody")
            @Sendable func publish(_ number: Int) throws {
                try channel.publishConfirmed(sent) { _ in
                    tell.yield(number)
                    guard number < 100 else { return tell.finish() }
                    do { try publish(number + 1) } catch { Issue.record(error) }
                }
            }
            try publish(1)
            var numbers: [Int] = []
            for await number in told { numbers.append(number) }
            #expect(numbers == Array(1...100))
        }
    }

    @Test func confirmationsAlsoComeByCallBackOnTheOwnerThread() async throws {
        try await withConnection { connection, _ in
            let channel = try await connection.openChannel(confirming: true)
            let (told, tell) = AsyncStream<Bool>.makeStream()
            try channel.publishConfirmed(message("nobody")) { result in
                var isReturned = false
                if case .success(.returned) = result { isReturned = true }
                tell.yield(isReturned && connection.loop.isCurrent)
                tell.finish()
            }
            for await isRight in told { #expect(isRight) }
        }
    }

    @Test func aFullQueueRefusesItsMessage() async throws {
        try await withConnection { connection, _ in
            let channel = try await connection.openChannel(confirming: true)
            var declaration = QueueDeclaration(name: "")
            declaration.isExclusive = true
            declaration.arguments = ["x-max-length": 1, "x-overflow": "reject-publish"]
            let queue = try await channel.declareQueue(declaration).name
            guard case .confirmed = try await channel.publishConfirmed(message(queue)) else {
                Issue.record("the first fits")
                return
            }
            guard case .refused = try await channel.publishConfirmed(message(queue)) else {
                Issue.record("the second does not")
                return
            }
        }
    }

    @Test func confirmationNeedsAConfirmingChannel() async throws {
        try await withConnection { connection, _ in
            let channel = try await connection.openChannel()
            let error = try await rabbitMQError { _ = try await channel.publishConfirmed(message("x")) }
            #expect(error.code == .invalidArgument)
        }
    }

    @Test func publishingToAMissingExchangeClosesItsChannelAndNothingVanishesSilently() async throws {
        try await withConnection { connection, recorder in
            let channel = try await connection.openChannel(confirming: true)
            var astray = message("x")
            astray.exchange = "there-is-no-such-exchange"
            let lost = try await rabbitMQError { _ = try await channel.publishConfirmed(astray) }
            #expect(lost.code == .channelClosed)
            #expect(lost.replyCode == 404)
            #expect(lost.outcome == .unknown)
            // Behind the closing, publishing is refused or handed back, never swallowed.
            try channel.publish(message("later"))
            let unsent = try await recorder.wait("unsent") { !$0.unsent.isEmpty }.unsent
            #expect(unsent.first?.0.routingKey == "later")
            #expect(unsent.first?.1.outcome == .notSent)
            try await channel.reopen()
            let queue = try await channel.temporaryQueue()
            guard case .confirmed = try await channel.publishConfirmed(message(queue)) else {
                Issue.record("confirmations go on after reopening")
                return
            }
        }
    }

    @Test func aBodyOverTheBoundIsRefusedBeforePublishing() async throws {
        try await withConnection({ $0.maximumBodySize = 1000 }) { connection, recorder in
            let channel = try await connection.openChannel()
            let queue = try await channel.temporaryQueue()
            try await channel.consume(queue)
            let error = try await rabbitMQError {
                try channel.publish(OutgoingMessage(routingKey: queue, body: ByteBuffer(repeating: 1, count: 1001)))
            }
            #expect(error.code == .bodyTooLarge)
            try channel.publish(OutgoingMessage(routingKey: queue, body: ByteBuffer(repeating: 1, count: 1000)))
            try await recorder.wait("delivery") { $0.deliveries.count == 1 }
        }
    }

    @Test func aReceivedBodyOverTheBoundIsSkippedAndTheConnectionLives() async throws {
        try await withConnection({ $0.maximumBodySize = 1000 }) { receiver, recorder in
            let channel = try await receiver.openChannel()
            let queue = try await channel.temporaryQueue()
            var options = ConsumerOptions()
            options.withoutAcknowledgement = false
            try await channel.consume(queue, options)
            try await withConnection({ $0.maximumBodySize = 30 << 20 }) { sender, _ in
                let channel = try await sender.openChannel()
                for size in [10, 20 << 20, 1000, 1001, 0] {
                    try channel.publish(
                        OutgoingMessage(routingKey: queue, body: ByteBuffer(repeating: 1, count: size)))
                }
                let contents = try await recorder.wait("all") { $0.deliveries.count == 3 && $0.skipped.count == 2 }
                #expect(contents.deliveries.map(\.body.readableBytes) == [10, 1000, 0])
                #expect(contents.deliveries.map(\.deliveryTag) == [1, 3, 5])
                #expect(contents.skipped.map(\.bodySize) == [20 << 20, 1001])
                #expect(contents.skipped.map(\.deliveryTag) == [2, 4])
                #expect(contents.skipped.allSatisfy { $0.reason == .bodyTooLarge })
                #expect(contents.order == ["delivery", "skipped", "delivery", "skipped", "delivery"])
            }
        }
    }

    @Test func whatAMQPCannotCarryIsRefusedAtOnce() async throws {
        try await withConnection { connection, _ in
            let channel = try await connection.openChannel()
            let long = String(repeating: "é", count: 128)
            var deep = FieldTable()
            for _ in 0..<40 { deep = ["t": .table(deep)] }
            var messages = [message(long)]
            for change: (inout BasicProperties) -> Void in [
                { $0.correlationID = long }, { $0.type = long }, { $0.headers = [long: 1] },
                { $0.headers = ["deep": .table(deep)] },
                { $0.headers = ["big": .string(String(repeating: "x", count: 200_000))] },
            ] {
                var one = message("x")
                change(&one.properties)
                messages.append(one)
            }
            for message in messages {
                let error = try await rabbitMQError { try channel.publish(message) }
                #expect(error.code == .invalidArgument)
            }
            _ = try await channel.temporaryQueue()
        }
    }
}
