import MqantRabbitMQ
import Testing

@testable import MqantRPCRabbitMQ

/// How long an Id is waited for whose holder is silent: until the broker has given that one up, whatever its heartbeat is.
@Suite struct LockPatienceTests {
    private func patience(_ uris: String...) throws -> Duration {
        RabbitMQTransport.Configuration(connection: try Connection.Configuration(uris: uris)).lockPatience
    }

    @Test func threeHeartbeatsWhicheverURISaysThem() throws {
        #expect(try patience("amqp://a") == .seconds(15))
        #expect(try patience("amqp://a/?heartbeat=30") == .seconds(90))
        #expect(try patience("amqp://a/?heartbeat=2") == .seconds(6))
        #expect(try patience("amqp://a/?heartbeat=2", "amqp://b") == .seconds(15))
        #expect(try patience("amqp://a/?heartbeat=2", "amqp://b/?heartbeat=7") == .seconds(21))
    }

    @Test func neverLessThanThreeSeconds() throws {
        #expect(try patience("amqp://a/?heartbeat=0") == .seconds(3))
    }
}
