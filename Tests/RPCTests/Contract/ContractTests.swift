import Testing
import TransportContract

/// Holds the transports that need no broker to the contract. One check after the other: they measure time.
@Suite("Contract", .serialized, .timeLimit(.minutes(1)))
struct ContractTests {
    /// The in-process transport keeps the whole contract.
    @Test(arguments: TransportContract.checks)
    func holdsInProcess(_ check: ContractCheck) async throws {
        try await check.run(on: InProcessFixture())
    }

    /// The whole contract holds where everything is late and nothing is in order across queues.
    @Test(arguments: TransportContract.checks, [1, 2] as [UInt64])
    func holdsWithDelays(_ check: ContractCheck, seed: UInt64) async throws {
        try await check.run(on: SeededFixture(seed: seed, faults: .none))
    }

    /// What must hold where envelopes are lost and come back from queues that live.
    @Test(arguments: TransportContract.faultChecks, (11...14).map(UInt64.init))
    func holdsWithFaults(_ check: ContractCheck, seed: UInt64) async throws {
        try await check.run(on: SeededFixture(seed: seed, faults: .all))
    }

    /// The checks for faults are not so lenient that they would fail a network without any.
    @Test(arguments: TransportContract.faultChecks)
    func faultChecksHoldInProcess(_ check: ContractCheck) async throws {
        try await check.run(on: InProcessFixture())
    }
}
