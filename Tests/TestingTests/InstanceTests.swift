import MqantTesting
import ServiceLifecycle
import Synchronization
import Testing

/// Instances that come and go while a test goes on.
@Suite("Instances of a test", .timeLimit(.minutes(1))) struct InstanceTests {
    /// A table that the instance owns.
    private func table(of instance: InstanceID, _ server: TestServer) throws -> String {
        let tables = (0..<1000).lazy.map { "\($0)" }
        return try #require(tables.first { server.owner(of: $0, Table.type) == instance })
    }

    @Test func keysMoveToAnInstanceThatComesAndFromOneThatGoes() async throws {
        try await Server.test(Table.self) { server in
            let ada = try await server.client(user: "Ada")
            #expect(server.owner(of: "7", Table.type) == "test:Table")
            let second = try await server.start(Table.self, id: "table-2")
            let table = try table(of: "table-2", server)
            let sit = Table.Sit(table: table)
            #expect(try await ada.request("Table/Handler_Sit", sit, returning: String.self) == "table-2")
            #expect(try await ada.nextPush().topic == "Table/OnSit")
            try await second.stop()
            #expect(server.owner(of: table, Table.type) == "test:Table")
            #expect(try await ada.request("Table/Handler_Sit", sit, returning: String.self) == "test:Table")
            #expect(try await ada.nextPush().topic == "Table/OnSit")
            // Another one under its Id.
            try await server.start(Table.self, id: "table-2")
            #expect(try await ada.request("Table/Handler_Sit", sit, returning: String.self) == "table-2")
        }
    }

    @Test func aKilledInstancesCallsEndAsInterrupted() async throws {
        try await Server.test(Waiter.self) { server in
            let second = try await server.start(Waiter.self, id: "waiter-2")
            let client = try await server.client()
            let key = try #require((0..<1000).first { server.owner(of: "\($0)", Waiter.type) == "waiter-2" })
            async let waiting: Void = {
                let refusal = await #expect(throws: TestClient.Refusal.self) {
                    try await client.request("Waiter/Handler_Wait", Waiter.Request(key: "\(key)"))
                }
                #expect(refusal?.message == "the process that held Handler_Wait is gone")
                #expect(refusal?.isOutage == true)
            }()
            for await _ in Waiter.begun.stream { break }
            await second.kill()
            await waiting
            #expect(server.owner(of: "\(key)", Waiter.type) == "test:Waiter")
            // The same Id, another process.
            try await server.start(Waiter.self, id: "waiter-2")
            #expect(server.owner(of: "\(key)", Waiter.type) == "waiter-2")
            Waiter.ends.withLock { $0.append("the test") }
        }
        // What a crash does not do is done once the test is over.
        let ends = Waiter.ends.withLock { $0 }
        #expect(ends.first { $0.hasSuffix("waiter-2") } == "run() of waiter-2")
        #expect(ends.first { $0.hasPrefix("shutdown()") || $0 == "the test" } == "the test")
        #expect(ends.count { $0 == "shutdown() of waiter-2" } == 2)
    }

    @Test func anIdIsTakenOnce() async throws {
        try await Server.test(Table.self) { server in
            await #expect(throws: TestFailure.self) { try await server.start(Table.self, id: "test:Table") }
            let second = try await server.start(Table.self, id: "table-2")
            await #expect(throws: TestFailure.self) { try await server.start(Table.self, id: "table-2") }
            await second.kill()
            try await server.start(Table.self, id: "table-2")
        }
    }

    @Test func whyAnInstanceCannotStartIsTold() async throws {
        await #expect(throws: ConfigurationError.self) {
            try await Server.test(Table.self) { server in
                try await server.start(Table.self, id: "table-2", settings: #"{ "Seats": 0 }"#)
            }
        }
    }

    /// Begins something and does not end it.
    private struct Waiter: Module {
        static let type: ModuleType = "Waiter"
        static let begun = AsyncStream<Void>.makeStream()
        static let ends = Mutex<[String]>([])

        struct Request: Codable, Sendable {
            var key: String
        }

        private let context: ModuleContext

        init(settings: UncheckedSettings, context: ModuleContext) { self.context = context }

        static func route(_ request: ClientRequest) -> Endpoint {
            request.string("key").map { .keyed(type, key: $0) } ?? .any(type)
        }

        func register(on server: RPCServer) throws {
            try server.register("Handler_Wait") { (_: Session, _: Request) in
                Self.begun.continuation.yield()
                // Until the process's end, as far as the caller is concerned.
                try await Task.sleep(for: .seconds(5))
            }
        }

        func run() async throws {
            do {
                try await gracefulShutdown()
            } catch {
                Self.ends.withLock { $0.append("run() of \(context.instance)") }
                throw error
            }
        }

        func shutdown() async { Self.ends.withLock { $0.append("shutdown() of \(context.instance)") } }
    }
}
