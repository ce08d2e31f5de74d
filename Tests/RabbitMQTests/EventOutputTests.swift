import NIOCore
import Testing

@testable import MqantRabbitMQ

struct EventOutputTests {
    private final class Log {
        var lines: [String] = []
    }

    private func output(_ log: Log) -> EventOutput {
        EventOutput(
            CoreHandlers(
                deliveries: { log.lines.append("\($0.count)") },
                event: { log.lines.append("\($0)") },
                write: nil, ended: {}))
    }

    private let delivery = Delivery(
        channel: ChannelID(number: 1), consumerTag: "c", deliveryTag: 1, isRedelivered: false, exchange: "",
        routingKey: "q", properties: BasicProperties(), body: ByteBuffer())

    @Test func deliveriesLeaveTogetherAndBeforeTheNextEvent() {
        let log = Log()
        let output = output(log)
        for _ in 0..<3 { output.append(delivery) }
        output.emit(.unblocked)
        output.append(delivery)
        output.flush()
        output.flush()
        #expect(log.lines == ["3", "unblocked", "1"])
    }

    @Test func aBatchIsBounded() {
        let log = Log()
        let output = output(log)
        for _ in 0..<600 { output.append(delivery) }
        output.flush()
        #expect(log.lines == ["256", "256", "88"])
    }
}
