import MqantRabbitMQTestSupport
import NIOCore
import Synchronization
import Testing

@testable import MqantRabbitMQ

struct ConfirmLedgerTests {
    /// What each message was told, "" while it waits.
    private final class Outcomes: Sendable {
        private let told: Mutex<[String]>

        init(count: Int) { told = Mutex(Array(repeating: "", count: count)) }

        var all: [String] { told.withLock { $0 } }

        func waiter(_ index: Int) -> Waiter<PublishOutcome> {
            Waiter(timeout: .seconds(100)) { result in
                self.told.withLock { told in
                    switch result {
                    case .success(.confirmed): told[index] += "confirmed"
                    case .success(.refused): told[index] += "refused"
                    case .success(.returned): told[index] += "returned"
                    case .failure: told[index] += "failed"
                    }
                }
            }
        }
    }

    private func returned(_ id: String) -> ReturnedMessage {
        var properties = BasicProperties()
        properties.messageID = id
        return ReturnedMessage(
            channel: ChannelID(number: 1), replyCode: 312, replyText: "NO_ROUTE", exchange: "", routingKey: "",
            properties: properties, body: ByteBuffer())
    }

    /// A broker that answers in any order it likes, singly or together, against the plainest model there is.
    @Test(arguments: 0..<100)
    func anyOrderOfAnswersTellsEverybodyOnce(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        let count = 60
        let outcomes = Outcomes(count: count)
        var ledger = ConfirmLedger()
        var expected = Array(repeating: "", count: count)
        var bounced = Set<Int>()
        var sent = 0
        while sent < count || expected.contains("") {
            switch Int.random(in: 0..<4, using: &random) {
            case 0 where sent < count:
                ledger.append(messageID: "\(sent + 1)", waiter: outcomes.waiter(sent))
                sent += 1
            case 1:
                let open = (0..<sent).filter { expected[$0] == "" && !bounced.contains($0) }
                if let index = open.randomElement(using: &random) {
                    let isKnown = ledger.returned(returned("\(index + 1)"))
                    #expect(isKnown)
                    bounced.insert(index)
                }
            case 2:
                let open = (0..<sent).filter { expected[$0] == "" }
                guard let index = open.randomElement(using: &random) else { continue }
                let refused = Bool.random(using: &random)
                ledger.settle(UInt64(index + 1), multiple: false, refused: refused)
                expected[index] = refused ? "refused" : bounced.contains(index) ? "returned" : "confirmed"
            default:
                guard sent > 0, Int.random(in: 0..<5, using: &random) == 0 else { continue }
                let upTo = Int.random(in: 0..<sent, using: &random)
                ledger.settle(UInt64(upTo + 1), multiple: true, refused: false)
                for index in 0...upTo where expected[index] == "" {
                    expected[index] = bounced.contains(index) ? "returned" : "confirmed"
                }
            }
            #expect(outcomes.all == expected)
            #expect(ledger.outstanding == expected[..<sent].count { $0 == "" })
        }
        let (waiters, next) = ledger.late(.now)
        #expect(waiters.isEmpty && next == nil)
    }

    /// A broker that leaves messages unanswered beyond their deadlines, and answers some of them at last.
    @Test(arguments: 0..<50)
    func whoeverIsLateIsFoundInAnyOrder(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        var ledger = ConfirmLedger()
        let start = MonotonicTime.now
        var told: [Int: String] = [:]
        let log = Mutex<[(Int, String)]>([])
        var waiters: [Waiter<PublishOutcome>] = []
        var settled = Set<Int>()
        for second in 1...300 {
            let now = start + .seconds(second)
            if Bool.random(using: &random) {
                let number = waiters.count
                // Deadlines are mostly in order; some are for later.
                let isLong = Int.random(in: 0..<10, using: &random) == 0
                let timeout = Duration.seconds(second + (isLong ? 30 : 5))
                let waiter = Waiter<PublishOutcome>(timeout: timeout) { result in
                    log.withLock { $0.append((number, (try? result.get()) == nil ? "late" : "answered")) }
                }
                waiters.append(waiter)
                ledger.append(messageID: "\(number + 1)", waiter: waiter)
            }
            if Int.random(in: 0..<3, using: &random) == 0, !waiters.isEmpty {
                let number = Int.random(in: 0..<waiters.count, using: &random)
                ledger.settle(UInt64(number + 1), multiple: false, refused: false)
                if settled.insert(number).inserted, told[number] == nil { told[number] = "answered" }
            }
            let (late, next) = ledger.late(now)
            for waiter in late { waiter.fail(RabbitMQError(.timeout, "late")) }
            for number in waiters.indices where told[number] == nil && waiters[number].deadline <= now {
                told[number] = "late"
            }
            let open = waiters.indices.filter { told[$0] == nil }
            #expect(next == open.map { waiters[$0].deadline }.min())
            let heard = log.withLock { $0 }
            #expect(heard.count == told.count && heard.allSatisfy { told[$0.0] == $0.1 })
        }
        for waiter in waiters { waiter.fail(RabbitMQError(.timeout, "end")) }
    }

    @Test func answersToNothingChangeNothing() {
        let outcomes = Outcomes(count: 2)
        var ledger = ConfirmLedger()
        ledger.settle(1, multiple: false, refused: false)
        ledger.settle(.max, multiple: true, refused: true)
        ledger.append(messageID: "1", waiter: outcomes.waiter(0))
        ledger.append(messageID: "2", waiter: outcomes.waiter(1))
        for tag in [0, 3, UInt64.max] { ledger.settle(tag, multiple: false, refused: false) }
        let isKnown = ledger.returned(returned("3"))
        #expect(!isKnown)
        #expect(outcomes.all == ["", ""])
        ledger.settle(2, multiple: false, refused: false)
        ledger.settle(2, multiple: false, refused: true)
        #expect(outcomes.all == ["", "confirmed"])
        ledger.settle(0, multiple: true, refused: false)
        #expect(outcomes.all == ["confirmed", "confirmed"])
    }

    @Test func theEndFailsWhatIsOpen() {
        let outcomes = Outcomes(count: 3)
        var ledger = ConfirmLedger()
        for index in 0..<3 { ledger.append(messageID: "\(index)", waiter: outcomes.waiter(index)) }
        ledger.settle(2, multiple: false, refused: false)
        for waiter in ledger.waiters { waiter.fail(RabbitMQError(.connectionClosed, "x")) }
        #expect(outcomes.all == ["failed", "confirmed", "failed"])
    }

    /// Tag 0 acknowledges all messages so far. A waiter that is told may publish, and that message is not among them.
    @Test func anAnswerToAllSettlesNothingThatIsPublishedMeanwhile() {
        let outcomes = Outcomes(count: 3)
        var ledger = ConfirmLedger()
        ledger.append(messageID: "1", waiter: outcomes.waiter(0))
        ledger.append(messageID: "2", waiter: outcomes.waiter(1))
        let answer = ledger.answer(0, multiple: true, refused: false)
        ledger.settleNext(answer)?.waiter?.succeed(.confirmed)
        ledger.append(messageID: "3", waiter: outcomes.waiter(2))
        ledger.settleNext(answer)?.waiter?.succeed(.confirmed)
        let isOver = ledger.settleNext(answer) == nil
        #expect(isOver)
        #expect(outcomes.all == ["confirmed", "confirmed", ""])
        #expect(ledger.outstanding == 1)
    }
}

extension ConfirmLedger {
    /// Settles all that the answer concerns, and tells the waiters.
    fileprivate mutating func settle(_ tag: UInt64, multiple: Bool, refused: Bool) {
        let answer = answer(tag, multiple: multiple, refused: refused)
        while let settlement = settleNext(answer) { settlement.waiter?.succeed(settlement.outcome) }
    }
}
