package import MqantTesting

/// What a transport brings to be held to the contract: a way to make networks of it.
///
/// Every check runs on a network of its own, so that checks may run beside each other.
package protocol TransportFixture: Sendable {
    /// Names the transport, and the seed if there is one, in every failure.
    var name: String { get }

    /// Makes a network without nodes.
    func makeNetwork() async throws -> any TransportNetwork
}
