import MqantAMQPURI
import MqantRabbitMQ
import Testing

@Suite("What a connection is configured with")
struct ConfigurationTests {
    @Test("no description shows a password")
    func secrets() throws {
        let uri = try AMQPURI(parsing: "amqps://user:hushhush@[::1]:1/v")
        let configuration = Connection.Configuration(uris: [uri])
        var dumped = ""
        dump(configuration, to: &dumped)
        for text in ["\(configuration)", String(reflecting: configuration), dumped] {
            #expect(!text.contains("hushhush"))
        }
        #expect(dumped.contains("[::1]:1"))
    }

    @Test("of several URIs the faulty one is named")
    func faults() {
        let one = #expect(throws: RabbitMQError.self) { try Connection.Configuration(uris: ["amqp://a:x"]) }
        #expect(one?.code == .invalidConfiguration)
        #expect(one?.message == "the URI of the broker has a port that is not a number from 1 to 65535")
        let two = #expect(throws: RabbitMQError.self) {
            try Connection.Configuration(uris: ["amqp://a", "amqp://b:x"])
        }
        #expect(two?.message.hasPrefix("the URI of the broker (number 2 of 2) has a port") == true)
    }
}
