import Dispatch
import MqantRabbitMQTestSupport
import NIOCore
import Synchronization
import Testing

@testable import MqantRabbitMQ

/// A broker's name may have several addresses, and the resolver may hang.
@Suite(.timeLimit(.minutes(1)))
struct AddressTests {
    private func open(_ uri: String, _ names: NameLookup, timeout: Duration) async throws -> Connection {
        var configuration = try Connection.Configuration(uris: [uri])
        configuration.connectTimeout = timeout
        configuration.names = names
        return try await Connection.open(configuration, handlers: Recorder().handlers)
    }

    private func names(_ hosts: [String]) -> NameLookup {
        NameLookup { name, port in hosts.compactMap { PeerAddress($0, port: port) } }
    }

    @Test(arguments: [false, true])
    func anAddressThatDropsPacketsDoesNotKeepTheNextOneFromItsTurn(withTLS: Bool) async throws {
        let broker = try await SharedBroker.get()
        let port = withTLS ? try #require(broker.tlsPort) : broker.port
        let dropping = try (2...4).map { try DroppingListener("127.0.0.\($0)", port: port) }
        // Nobody listens at ::1 either, which is told at once. The address that answers is the last of all.
        let lookup = names(["127.0.0.2", "::1", "127.0.0.3", "127.0.0.4", "127.0.0.1"])
        let authority = try #require(broker.certificates?.authority)
        let uri = withTLS ? "amqps://localhost:\(port)/?cacertfile=\(authority)" : "amqp://some.name:\(port)"
        let start = ContinuousClock.now
        let connection = try await open(uri, lookup, timeout: .seconds(40))
        // One after the other, each with an even share of the time, they would take 32 s.
        #expect(ContinuousClock.now - start < .seconds(20))
        #expect(connection.address.host == "127.0.0.1")
        _ = try await connection.openChannel().temporaryQueue()
        await connection.close()
        withExtendedLifetime(dropping) {}
    }

    @Test func everyAddressHasItsTurnInAShortTimeToo() async throws {
        let broker = try await SharedBroker.get()
        let hosts = (10..<22).map { "127.0.0.\($0)" }
        let dropping = try hosts.map { try DroppingListener($0, port: broker.port) }
        let connection = try await open(
            "amqp://some.name:\(broker.port)", names(hosts + ["127.0.0.1"]), timeout: .seconds(4))
        #expect(connection.address.host == "127.0.0.1")
        await connection.close()
        withExtendedLifetime(dropping) {}
    }

    @Test func whatDoesNotAnswerAtAllIsNamed() async throws {
        let port = try FreePort.find(address: "127.0.0.2")
        let dropping = try DroppingListener("127.0.0.2", port: port)
        let error = try await rabbitMQError {
            _ = try await open(
                "amqp://some.name:\(port)", names(["127.0.0.2", "127.0.0.1"]), timeout: .milliseconds(400))
        }
        #expect(error.code == .unreachable)
        #expect(
            error.message.contains("no answer within") && error.message.contains("127.0.0.2, 127.0.0.1"), "\(error)")
        withExtendedLifetime(dropping) {}
    }

    @Test func aResolverThatHangsKeepsNobody() async throws {
        let asked = Atomic(0)
        let release = DispatchSemaphore(value: 0)
        let hanging = NameLookup { _, _ in
            asked.add(1, ordering: .relaxed)
            release.wait()
            return nil
        }
        for _ in 0..<3 {
            let error = try await rabbitMQError {
                _ = try await open("amqp://some.name", hanging, timeout: .milliseconds(200))
            }
            #expect(error.code == .unreachable && error.message.contains("was not resolved within"), "\(error)")
        }
        #expect(asked.load(ordering: .relaxed) == 1, "one thread hangs for one name")
        release.signal()
        let unknown = try await rabbitMQError {
            _ = try await open("amqp://some.name", names([]), timeout: .seconds(1))
        }
        #expect(unknown.message.contains("cannot be resolved"), "\(unknown)")
    }

    @Test func familiesTakeTurns() throws {
        let order = { (hosts: [String], preferred: String?) in
            AddressRace.order(
                hosts.compactMap { PeerAddress($0, port: 1) }, preferred: preferred.flatMap { PeerAddress($0, port: 1) }
            ).map(\.host)
        }
        #expect(order(["::1", "::2", "::3", "10.0.0.1"], nil) == ["::1", "10.0.0.1", "::2", "::3"])
        #expect(order(["10.0.0.1", "10.0.0.2", "::1"], nil) == ["10.0.0.1", "::1", "10.0.0.2"])
        #expect(order(["10.0.0.1", "10.0.0.2"], "10.0.0.2") == ["10.0.0.2", "10.0.0.1"])
        #expect(order(["10.0.0.1"], "10.0.0.2") == ["10.0.0.1"] && order([], nil).isEmpty)
    }

    @Test func aNameOfThisMachineIsLookedUp() async throws {
        let broker = try await SharedBroker.get()
        // Its addresses may be ::1 and 127.0.0.1; the broker listens at one of them.
        try await withConnection(to: ["amqp://localhost:\(broker.port)"]) { connection, _ in
            #expect(connection.address.host == "127.0.0.1")
        }
    }
}
