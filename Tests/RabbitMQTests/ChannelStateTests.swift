import NIOCore
import Synchronization
import Testing

@testable import MqantRabbitMQ

struct ChannelStateTests {
    private func channel(isConfirming: Bool = false) -> ChannelState {
        ChannelState(id: ChannelID(number: 1), isConfirming: isConfirming, maximumBodySize: 100)
    }

    private let bindOK = ChannelMethod.answer(MethodID.queueBindOK, .done)
    private let refusal = ChannelMethod.close(code: 404, text: "NOT_FOUND")

    private func bind(isSilent: Bool = false) -> Request {
        .queueBind(QueueBinding(queue: "q", exchange: "e", routingKey: "k"), isSilent: isSilent)
    }

    /// The reaction's name, without what it carries.
    private func name(_ reaction: ChannelState.Reaction) -> String {
        "\(reaction)".prefix { $0 != "(" }.description
    }

    private func violation(_ body: () throws(RabbitMQError) -> Void) -> RabbitMQError.Code? {
        do throws(RabbitMQError) {
            try body()
            return nil
        } catch {
            return error.code
        }
    }

    @Test func answersGoToTheRequestsInTheirOrder() throws {
        let channel = channel()
        let waiters = [Waiter<Reply>(timeout: nil), Waiter<Reply>(timeout: nil)]
        channel.willSend(bind(isSilent: true), waiter: nil)
        channel.willSend(bind(), waiter: waiters[0])
        channel.willSend(.queuePurge("q"), waiter: waiters[1])
        guard case .reply(let first?, .done) = try channel.receive(bindOK),
            case .reply(let second?, .messageCount(3)) = try channel.receive(
                .answer(MethodID.queuePurgeOK, .messageCount(3)))
        else {
            Issue.record("no replies")
            return
        }
        #expect(first === waiters[0] && second === waiters[1])
        #expect(violation { () throws(RabbitMQError) in _ = try channel.receive(bindOK) } == .protocolViolation)
    }

    @Test func anAnswerOutOfOrderIsAViolation() {
        let channel = channel()
        channel.willSend(.queuePurge("q"), waiter: nil)
        channel.willSend(bind(), waiter: nil)
        #expect(violation { () throws(RabbitMQError) in _ = try channel.receive(bindOK) } == .protocolViolation)
    }

    @Test func behindACloseOnlyAnswersCount() throws {
        let channel = channel()
        channel.willSend(bind(), waiter: nil)
        channel.willSend(.channelClose, waiter: nil)
        #expect(!channel.isOpen && channel.obstacle?.code == .closedLocally)
        let methods: [ChannelMethod] = [
            .cancel(tag: "c", expectsAnswer: false), .settle(tag: 1, multiple: false, refused: false), bindOK, refusal,
            .answer(MethodID.channelCloseOK, .done),
        ]
        #expect(
            try methods.map { name(try channel.receive($0)) } == [
                "nothing", "nothing", "reply", "crossedClose", "ended",
            ])
    }

    @Test func aChannelThatTheBrokerClosedIgnoresEverything() throws {
        let channel = channel()
        guard case .closedByBroker(let error) = try channel.receive(refusal) else {
            Issue.record("not closed")
            return
        }
        #expect(error.replyCode == 404 && error.outcome == .unknown)
        #expect(channel.isClosedByBroker && channel.obstacle?.outcome == .notSent)
        #expect(try [bindOK, refusal].map { name(try channel.receive($0)) } == ["nothing", "nothing"])
    }

    @Test func aMethodInsideAMessageIsAViolation() throws {
        let channel = channel()
        let head = ContentAssembler.Head.delivery(consumerTag: "c", deliveryTag: 1, isRedelivered: false)
        _ = try channel.receive(.content(head, exchange: "", routingKey: "q"))
        #expect(violation { () throws(RabbitMQError) in _ = try channel.receive(refusal) } == .protocolViolation)
    }

    @Test func onlyAMessageThatIsAwaitedGetsAnId() {
        let channel = channel(isConfirming: true)
        var message = OutgoingMessage(routingKey: "q", body: ByteBuffer())
        #expect(channel.willPublish(message, waiter: nil) == nil)
        #expect(channel.willPublish(message, waiter: Waiter(timeout: nil)) == "2")
        message.properties.messageID = "mine"
        #expect(channel.willPublish(message, waiter: Waiter(timeout: nil)) == nil)
    }

    @Test func aChannelWhoseOpenerHasGoneMustBeClosed() {
        #expect(channel().opened(isTold: false))
        let kept = channel()
        #expect(!kept.opened(isTold: true))
        #expect(!kept.opened(isTold: false), "somebody has a handle of it already")
    }

    @Test func theEndFailsWhoeverWaits() {
        let channel = channel(isConfirming: true)
        let failed = Mutex(0)
        let request = Waiter<Reply>(timeout: .seconds(9)) { _ in failed.withLock { $0 += 1 } }
        let message = Waiter<PublishOutcome>(timeout: .seconds(9)) { _ in failed.withLock { $0 += 1 } }
        channel.willSend(bind(), waiter: request)
        _ = channel.willPublish(OutgoingMessage(routingKey: "q", body: ByteBuffer()), waiter: message)
        #expect(channel.late(request.deadline).requests.count == 1)
        channel.connectionEnded(RabbitMQError(.connectionClosed, "x"))
        #expect(failed.withLock { $0 } == 2)
    }
}

struct ChannelTableTests {
    @Test func theLowestFreeNumberIsGivenUntilTheBrokerAllowsNoMore() {
        let table = ChannelTable(maximum: 3, maximumBodySize: 100)
        #expect((0..<4).map { _ in table.add(isConfirming: false)?.id.number } == [1, 2, 3, nil])
        table.remove(ChannelID(number: 2))
        table.remove(ChannelID(number: 900))
        #expect(table[0] == nil && table[2] == nil && table[900] == nil)
        #expect(table.add(isConfirming: true)?.id.number == 2)
        #expect(table.all.map(\.id.number) == [1, 2, 3])
    }

    @Test func onlyAChannelThatTheBrokerClosedIsReplaced() throws {
        let table = ChannelTable(maximum: 3, maximumBodySize: 100)
        let channel = try #require(table.add(isConfirming: true))
        #expect(table.replace(channel.id) == nil)
        _ = try channel.receive(.close(code: 404, text: ""))
        #expect(throws: RabbitMQError.self) { try table.open(channel.id) }
        let replacement = try #require(table.replace(channel.id))
        #expect(replacement.isConfirming && replacement.isOpen && table[channel.id] === replacement)
    }
}
