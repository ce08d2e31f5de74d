package import MqantTesting

/// The in-process transport on a seeded network.
package struct SeededFixture: TransportFixture {
    package let seed: UInt64
    package let faults: SeededFaults

    package init(seed: UInt64, faults: SeededFaults) {
        self.seed = seed
        self.faults = faults
    }

    package var name: String { "seed \(seed), \(faults)" }

    package func makeNetwork() async throws -> any TransportNetwork { SeededNetwork(seed: seed, faults: faults) }
}
