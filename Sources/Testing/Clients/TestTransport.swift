/// How a test's clients reach the server. The same test runs with each:
///
///     @Test(arguments: TestTransport.allCases) func aPlayerSits(over transport: TestTransport) async throws {
///         try await Server.test(Table.self, over: transport) { server in … }
///     }
public enum TestTransport: String, Sendable, Hashable, CaseIterable {
    /// Over a pair of connected sockets for each client: nothing listens, and no port is taken. From there on a client's bytes
    /// take the way of every other client: through the Gate's event loop, its MQTT session, its bounds and its routes.
    case inProcess
    /// Over TCP, from a Gate that listens at a free port of the loopback.
    case mqtt
}
