import Mqant
import MqantConfiguration
import MqantGate

/// The Gate of a server under test: a `Gate` that clients come to by the test's entrance.
struct TestGate: Module {
    static let type = Gate.type
    /// The entrance of the server that is started by this task and its children.
    @TaskLocal static var entrance = TestEntrance(.inProcess)

    struct Settings: ModuleSettings {
        let gate: GateSettings

        init(reading settings: inout SettingsReader) { gate = GateSettings(reading: &settings, mustListen: false) }
    }

    private let gate: Gate
    private let entrance = Self.entrance

    init(settings: Settings, context: ModuleContext) async throws {
        var settings = settings.gate
        if entrance.transport == .mqtt { settings.tcpAddress = ListenAddress(host: "127.0.0.1", port: 0) }
        gate = try await Gate(settings: settings, context: context)
    }

    func register(on server: RPCServer) throws { try gate.register(on: server) }

    func run() async throws {
        entrance.open(gate)
        let observer: @Sendable (InstanceID, Int) -> Void = { [entrance] _, port in entrance.open(port: port) }
        try await ListeningPorts.$observer.withValue(observer) { try await gate.run() }
    }

    func shutdown() async {
        entrance.close()
        await gate.shutdown()
    }
}
