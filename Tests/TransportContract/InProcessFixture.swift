package import MqantTesting

/// The transport of nodes that share a process.
package struct InProcessFixture: TransportFixture {
    package var name: String { "in process" }

    package init() {}

    /// A hub of its own for each check.
    package func makeNetwork() async throws -> any TransportNetwork { InProcessNetwork() }
}
