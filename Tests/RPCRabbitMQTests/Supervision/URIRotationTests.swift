import MqantAMQPURI
import MqantRPC
import MqantRabbitMQ
import Testing

@testable import MqantRPCRabbitMQ

/// Which of several brokers a node tries first.
@Suite struct URIRotationTests {
    private func uris(_ hosts: String...) throws -> [AMQPURI] { try hosts.map { try AMQPURI(parsing: "amqp://\($0)") } }

    private func hosts(_ rotation: URIRotation) -> String { rotation.order.map(\.host).joined(separator: " ") }

    @Test func itBeginsWhereItIsTold() throws {
        let uris = try uris("a", "b", "c")
        for (first, order) in [(0, "a b c"), (1, "b c a"), (2, "c a b"), (4, "b c a")] {
            #expect(hosts(URIRotation(uris, first: first)) == order)
        }
        #expect(URIRotation([], first: 3).order == [])
    }

    @Test func afterAConnectionTheNextOneIsFirst() throws {
        let uris = try uris("a", "b", "c")
        var rotation = URIRotation(uris, first: 1)
        rotation.connected(to: uris[1])
        #expect(hosts(rotation) == "c a b")
        // Neither of the first two answered.
        rotation.connected(to: uris[1])
        #expect(hosts(rotation) == "c a b")
        rotation.connected(to: uris[2])
        #expect(hosts(rotation) == "a b c")
        rotation.connected(to: try AMQPURI(parsing: "amqp://other"))
        #expect(hosts(rotation) == "a b c")
    }

    @Test func itGoesToTheOneThatAnswers() throws {
        let uris = try uris("a", "b", "c")
        var rotation = URIRotation(uris, first: 0)
        rotation.connected(to: uris[0])
        rotation.next(uris[2])
        #expect(hosts(rotation) == "c a b")
        rotation.next(try AMQPURI(parsing: "amqp://other"))
        #expect(hosts(rotation) == "c a b")
    }

    @Test func oneThatIsGivenTwiceHoldsNobody() throws {
        let uris = try uris("a", "a", "b")
        var rotation = URIRotation(uris, first: 0)
        rotation.connected(to: uris[0])
        #expect(hosts(rotation) == "a b a")
        rotation.connected(to: uris[0])
        #expect(hosts(rotation) == "b a a")
    }

    @Test func nodesSpread() throws {
        let configuration = RabbitMQTransport.Configuration(
            connection: try Connection.Configuration(uris: ["amqp://a", "amqp://b", "amqp://c"]))
        #expect(configuration.firstURI == nil)
        var firsts: Set<String> = []
        // That all of 200 begin at the same two has a probability of less than 10⁻³⁴.
        for _ in 0..<200 {
            if let first = BrokerURIs(configuration).order.first { firsts.insert(first.host) }
        }
        #expect(firsts == ["a", "b", "c"])
    }
}
