import MqantBenchSupport
import MqantRabbitMQ
import NIOCore
import Synchronization

/// Publishes as fast as the bounded queue lets it, from another thread than the owner's, to an exchange that drops all.
struct PublishRate {
    let uri: String

    func measure(seconds: Double, size: Int) async throws -> String {
        let connection = try await Connection.open(
            Connection.Configuration(uris: [uri]),
            handlers: ConnectionHandlers(deliveries: { _ in }, event: { _ in }))
        let channel = try await connection.openChannel()
        let body = ByteBuffer(repeating: UInt8(ascii: "p"), count: size)
        var properties = BasicProperties()
        properties.deliveryMode = .transient
        properties.correlationID = "12345"
        let message = OutgoingMessage(exchange: "amq.direct", routingKey: "nobody", properties: properties, body: body)
        let clock = ContinuousClock()
        let start = clock.now
        let before = CPUTime()
        var count = 0
        while clock.now - start < .seconds(seconds) {
            for _ in 0..<1000 {
                do {
                    try channel.publish(message)
                    count += 1
                } catch {
                    guard error.code == .queueFull else { throw error }
                    await Task.yield()
                }
            }
        }
        // Answered only after all that was published before.
        let probe = ExchangeDeclaration(name: "amq.direct", kind: .direct).asPassive
        var isAnswered = false
        while !isAnswered {
            do {
                try await channel.declareExchange(probe, timeout: .seconds(60))
                isAnswered = true
            } catch let error as RabbitMQError {
                guard error.code == .queueFull else { throw error }
                try await Task.sleep(for: .milliseconds(1))
            }
        }
        let elapsed = start.duration(to: clock.now) / .seconds(1)
        let used = (CPUTime() - before).own
        await connection.close()
        return "RESULT publishes_per_s=\(Int(Double(count) / elapsed)) cpu_us_per_publish=\(used / Double(count) * 1e6)"
    }
}

extension ExchangeDeclaration {
    var asPassive: ExchangeDeclaration {
        var copy = self
        copy.isPassive = true
        copy.isDurable = true
        return copy
    }
}
