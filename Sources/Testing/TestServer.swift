public import Mqant
import MqantRPC
import Synchronization

/// A server for the length of a test, and the way to clients of it.
public final class TestServer: Sendable {
    private let nodes: TestNodes
    private let entrance: TestEntrance
    /// What goes wrong; nil: nothing.
    private let faulty: SeededNetwork?
    private let clients = Mutex<[TestClient]>([])
    private let instances = Mutex<[TestInstance]>([])

    init(_ nodes: TestNodes, _ entrance: TestEntrance, _ faulty: SeededNetwork?) {
        self.nodes = nodes
        self.entrance = entrance
        self.faulty = faulty
    }

    // MARK: Clients

    /// How clients reach the server.
    public var transport: TestTransport { entrance.transport }

    /// The port of the loopback at which MQTT is spoken, for clients of the test's own; nil unless the transport is
    /// ``TestTransport/mqtt``.
    public var port: Int? { entrance.port }

    /// Connects a client.
    ///
    /// - Parameter user: whose session it is; nil: a guest's.
    /// - Throws: `TestFailure` if the server does not take it.
    public func client(user: String? = nil) async throws -> TestClient {
        let client = try await TestClient(entrance)
        clients.withLock { $0.append(client) }
        if let user { try await client.request("TestLogin/Handler_Bind", user) }
        return client
    }

    // MARK: Instances

    /// Starts another instance, on a node of its own, as a process that joins the cluster. On the return it runs, and all nodes
    /// know of it: keys that it owns have moved to it.
    ///
    /// The node with the Gate sends requests that any instance may serve to its own instance, if it has one: so a module that is
    /// to be shared out needs a `route` by a key.
    ///
    /// - Parameters:
    ///   - module: its module type.
    ///   - id: its `Id`, which no live instance has.
    ///   - settings: its `Settings`, as in `server.conf`.
    /// - Throws: `TestFailure` if the Id is taken. Why it could not start.
    @discardableResult
    public func start(
        _ module: any Module.Type, id: InstanceID, settings: String = "{}"
    ) async throws -> TestInstance {
        guard nodes.view?.candidate(id) == nil else { throw TestFailure("\(id) is there already") }
        let instance = TestInstance(TestModule(module, id: id, settings: settings), nodes)
        let node = try await instance.start()
        instances.withLock { $0.append(instance) }
        faulty?.endanger(node)
        return instance
    }

    /// The live instance of a type that owns a key; nil if none is live.
    public func owner(of key: String, _ type: ModuleType) -> InstanceID? {
        nodes.view?.ownerAndHeir(of: key, type).owner?.instance.id
    }

    // MARK: Faults

    /// Ends what `.faults` does: no instance is killed any more, and on the return those that were are there again. Messages
    /// may still be late.
    ///
    /// - Throws: why one could not start again.
    public func recover() async throws {
        faulty?.heal()
        for instance in instances.withLock({ $0 }) { try await instance.repaired() }
    }

    /// Has faults begin.
    func beginFaults() {
        faulty?.beginKilling { [weak self] in self?.repair($0) }
    }

    /// Has an instance come back after the seed killed its node.
    private func repair(_ node: NodeID) {
        guard let faulty, let instance = instances.withLock({ $0.first { $0.nodeID == node } }) else { return }
        instance.repair {
            var generator = SeededGenerator(seed: faulty.seed, name: "repair of \(node)")
            try await Task.sleep(for: .milliseconds(Int.random(in: 0...20, using: &generator)))
            faulty.endanger(try await instance.start())
            faulty.isBack()
        }
    }

    /// Ends clients and nodes.
    /// - Throws: why a node ended before.
    func end() async throws {
        faulty?.heal()
        var failure: (any Error)?
        for client in clients.withLock({ $0 }) { await client.close() }
        for instance in instances.withLock({ $0 }) {
            do { try await instance.repaired() } catch { failure = failure ?? error }
        }
        do { try await nodes.end() } catch { failure = failure ?? error }
        if let failure { throw failure }
    }
}
