import MqantTesting
import MqantTransportContract
import Testing

// Each suite runs one check after the other: checks measure time, and all of them at once would measure each other.

/// The in-process transport keeps the whole contract.
@Suite("Contract, in process", .serialized, .timeLimit(.minutes(1)))
struct InProcessContractTests {
    @Test(arguments: TransportContract.checks + TransportContract.faultChecks)
    func holds(_ check: ContractCheck) async throws {
        try await check.run(on: InProcessFixture())
    }
}

/// The whole contract holds where everything is late and nothing is in order across queues.
@Suite("Contract, seeded delays", .serialized, .timeLimit(.minutes(1)))
struct DelayedContractTests {
    @Test(arguments: TransportContract.checks, [1, 2] as [UInt64])
    func holds(_ check: ContractCheck, seed: UInt64) async throws {
        try await check.run(on: SeededFixture(seed: seed, faults: .none))
    }
}

/// What must hold where envelopes are lost, and come back from queues that live.
@Suite("Contract, seeded faults", .serialized, .timeLimit(.minutes(1)))
struct FaultyContractTests {
    @Test(arguments: TransportContract.faultChecks, [11, 12, 13, 14, 15] as [UInt64])
    func holds(_ check: ContractCheck, seed: UInt64) async throws {
        try await check.run(on: SeededFixture(seed: seed, faults: .all))
    }
}
