import Testing

/// One sentence of the contract, and the code that holds a transport to it.
package struct ContractCheck: Sendable, CustomTestStringConvertible {
    /// What must be true.
    package let sentence: String
    private let body: @Sendable (TestCluster) async throws -> Void

    init(_ sentence: String, _ body: @escaping @Sendable (TestCluster) async throws -> Void) {
        self.sentence = sentence
        self.body = body
    }

    package var testDescription: String { sentence }

    /// Runs the check on a network of its own, and takes that down whatever happened.
    package func run(on fixture: any TransportFixture) async throws {
        let cluster = TestCluster(network: try await fixture.makeNetwork())
        do {
            try await body(cluster)
        } catch is ExpectationFailedError {
            // Recorded where it failed.
        } catch {
            Issue.record(error, "\(sentence) [\(fixture.name)]")
        }
        await cluster.tearDown()
    }
}
