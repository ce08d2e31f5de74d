public import Logging
import Mqant
import MqantRPC
public import MqantServer

extension Server {
    /// Runs modules and a Gate in this process for the length of `body`.
    ///
    ///     try await Server.test(Table.self, settings: #"{ "Seats": 4 }"#) { server in
    ///         let ada = try await server.client(user: "Ada")
    ///         #expect(try await ada.request("Table/Handler_Sit", Sit(table: "7"), returning: String.self) == "ok")
    ///         #expect(try await ada.nextPush().topic == "Table/OnSit")
    ///     }
    ///
    /// - Parameters:
    ///   - module: the module type under test; its instance is called `test:` and the type.
    ///   - settings: its `Settings`, as in `server.conf`.
    ///   - others: further module types that it calls, with empty `Settings`. They start before it.
    ///   - gate: the `Settings` of the Gate, such as `{ "DuplicateLogin": "refuse" }`.
    ///   - transport: how clients reach the Gate; by default within the process, without a port.
    ///   - clock: the time of the modules; nil: the system's.
    ///   - logger: logs what the server says; by default nobody does.
    ///   - isolation: where `body` runs; leave it to its default, the caller's.
    ///   - body: the test. The server ends, in good order, when it returns or throws.
    /// - Throws: what `body` throws; or why the server could not start, or ended in the middle.
    public static func test<Value>(
        _ module: any Module.Type, settings: String = "{}", others: [any Module.Type] = [], gate: String = "{}",
        over transport: TestTransport = .inProcess, clock: TestClock? = nil,
        logger: Logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
        isolation: isolated (any Actor)? = #isolation, _ body: (TestServer) async throws -> Value
    ) async throws -> Value {
        let modules = others.map { TestModule($0) } + [TestModule(module, settings: settings)]
        let entry = [TestModule(TestLogin.self), TestModule(TestGate.self, settings: gate)]
        let faulty = FaultPlan.current.map {
            SeededNetwork(seed: UInt64(bitPattern: Int64($0.seed)), faults: $0.faults.seeded)
        }
        let entrance = TestEntrance(transport)
        let nodes = TestNodes(faulty ?? InProcessNetwork(), clock: clock, entrance: entrance, logger: logger)
        let server = TestServer(nodes, entrance, faulty)
        let result: Result<Value, any Error>
        do {
            if faulty == nil {
                _ = try await nodes.start("test", modules + entry)
            } else {
                // Each on a node of its own, so that all that they say to each other may go wrong.
                for module in modules {
                    try await server.start(module.module, id: module.id, settings: module.settings)
                }
                _ = try await nodes.start("test", entry)
            }
            server.beginFaults()
            result = .success(try await body(server))
        } catch {
            result = .failure(error)
        }
        // Why a module failed says more than what the test then missed.
        try await server.end()
        return try result.get()
    }
}
