import MqantTransportContract
import Testing

/// Holds the RabbitMQ transport to the whole contract, at a real broker. One check after the other: they measure time.
@Suite("Contract over RabbitMQ", .serialized, .timeLimit(.minutes(2)))
struct ContractTests {
    @Test(arguments: TransportContract.checks)
    func holds(_ check: ContractCheck) async throws {
        try await check.run(on: RabbitMQFixture())
    }

    @Test(arguments: TransportContract.faultChecks)
    func faultChecksHold(_ check: ContractCheck) async throws {
        try await check.run(on: RabbitMQFixture())
    }
}
