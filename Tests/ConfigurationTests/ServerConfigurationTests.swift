import MqantAMQPURI
import Testing

@testable import MqantConfiguration

@Suite("server.conf as a whole")
struct ServerConfigurationTests {
    private static let oneEntry = #""Module": {"A": [{"Id": "a", "Host": "127.0.0.1"}]}"#

    private func load(
        _ text: String, environment: [String: String] = [:], checks: [String: ServerConfiguration.SettingsCheck] = [:]
    ) throws(ConfigurationError) -> ServerConfiguration {
        try ServerConfiguration(text: text, file: "f", environment: environment, checks: checks)
    }

    /// The fault lines of a file, without its count.
    private func faults(_ text: String, environment: [String: String] = [:]) -> [String] {
        do throws(ConfigurationError) {
            _ = try load(text, environment: environment)
            return []
        } catch {
            return error.faults.map(\.description)
        }
    }

    @Test("the least file, and every default")
    func defaults() throws {
        let configuration = try load("{\(Self.oneEntry)}")
        let entry = try #require(configuration.modules.first)
        #expect(configuration.modules.count == 1)
        #expect((entry.type, entry.index, entry.idTemplate) == ("A", 0, "a"))
        #expect(entry.keyPath == "Module.A[0]")
        #expect(entry.rabbitMQ == nil)
        #expect(configuration.rabbitMQ == nil)
        #expect(!configuration.usesBroker)
        #expect(configuration.rpc.timeout == .seconds(10))
        #expect(configuration.rpc.maxInFlight == 10_000)
        #expect(configuration.rpc.maxWaiting == 10_000)
        #expect(configuration.rpc.blockingThreads == nil)
        #expect(configuration.mqtt.writeQueueLength == 10)
        #expect(configuration.mqtt.readQueueLength == 10)
        #expect(configuration.mqtt.readTimeout == .seconds(60))
        #expect(configuration.mqtt.writeTimeout == .seconds(30))
        #expect(configuration.notes.isEmpty)
    }

    @Test("an mqant 1.0.0 file loads as it is")
    func mqant() throws {
        let configuration = try load(SampleFiles.mqant)
        #expect(configuration.modules.map(\.type) == ["Gate", "Login", "Chat"])
        #expect(configuration.modules.map(\.idTemplate) == ["127.0.0.1:Gate", "127.0.0.1:Login", "127.0.0.1:Chat"])
        #expect(configuration.mqtt.writeQueueLength == 12)
        #expect(configuration.mqtt.readQueueLength == 1)
        #expect(configuration.mqtt.readTimeout == .seconds(600))
        #expect(configuration.mqtt.writeTimeout == .seconds(300))
        #expect(configuration.rpc.timeout == .seconds(5))
        #expect(configuration.rpc.maxInFlight == 100)
        let login = try #require(configuration.modules[1].rabbitMQ)
        #expect(login.uris.map(\.description) == ["amqp://player@127.0.0.1:5672/"])
        #expect(login.uris.first?.uri.virtualHost == "/")
        #expect(login.exchange == "game")
        #expect(login.queuePrefix == "login")
        #expect(login.consumerTagPrefix == "login-tag")
        #expect(configuration.modules[0].rabbitMQ == nil)
        #expect(
            configuration.notes.map(\.keyPath) == [
                "Module.Gate[0].Group", "Module.Login[0].Group", "Module.Login[0].Rabbitmq.BindingKey",
                "Module.Chat[0].Group", "Rpc.Log", "Rpc.UDPMaxPacketSize",
            ])
    }

    @Test("brokers: an entry's own keys over the file's default")
    func brokers() throws {
        let configuration = try load(
            """
            { Rabbitmq: { Uri: ["amqp://a", "amqps://b:1/v", "amqp://a"], Exchange: "x", Queue: "q" },
              Module: {
                A: [ { Id: "a", Host: "127.0.0.1" } ],
                B: [ { Id: "b", Host: "127.0.0.1", Rabbitmq: { Exchange: "y", ConsumerTag: "t" } },
                     { Id: "c", Host: "127.0.0.1", Rabbitmq: { Exchange: "y", Queue: "other" } } ],
                C: [ { Id: "d", Host: "127.0.0.1", Rabbitmq: { Uri: "amqp://c" } } ] } }
            """)
        #expect(configuration.usesBroker)
        let brokers = configuration.modules.map { entry in
            let options = entry.rabbitMQ
            let uris = options?.uris.map(\.uri.host).joined(separator: "+") ?? ""
            return
                "\(uris) \(options?.exchange ?? "") \(options?.queuePrefix ?? "") \(options?.consumerTagPrefix ?? "")"
        }
        #expect(brokers == ["a+b x q ", "a+b y q t", "a+b y other ", "c x q "])
        #expect(configuration.rabbitMQ?.exchange == "x")
    }

    @Test("RPC and Mqtt, in either spelling", arguments: ["RPC", "Rpc", "rpc"])
    func sections(name: String) throws {
        let configuration = try load(
            """
            { \(Self.oneEntry), "\(name)": { Timeout: 0.25, MaxInFlight: 1, MaxWaiting: 0, BlockingThreads: 3 },
              Mqtt: { WriteLoopChanNum: 7, ReadTimeout: 1.5 } }
            """)
        #expect(configuration.rpc.timeout == .milliseconds(250))
        #expect((configuration.rpc.maxInFlight, configuration.rpc.maxWaiting) == (1, 0))
        #expect(configuration.rpc.blockingThreads == 3)
        #expect(configuration.mqtt.writeQueueLength == 7)
        #expect(configuration.mqtt.readTimeout == .milliseconds(1500))
    }

    @Test("more unacknowledged messages than there are packet ids count as all of them")
    func writeQueue() throws {
        for (given, expected) in [(65_534, 65_534), (65_535, 65_534), (1_000_000, 65_534)] {
            let configuration = try load("{\(Self.oneEntry), Mqtt: {WirteLoopChanNum: \(given)}}")
            #expect(configuration.mqtt.writeQueueLength == expected)
        }
    }

    @Test("one fault, its place and its words", arguments: ServerConfigurationFaults.entries)
    func entryFault(entry: String, expected: String) {
        let lines = faults("{Module: {Chat: [\n\(entry)\n]}}")
        #expect(lines.count == 1)
        #expect(lines.first?.contains(expected) == true, "\(lines)")
    }

    @Test("one fault of the whole, its place and its words", arguments: ServerConfigurationFaults.files)
    func fileFault(text: String, expected: String) {
        let lines = faults(text.replacing("ONE", with: Self.oneEntry), environment: ["SET": "x"])
        #expect(lines.count == 1)
        #expect(lines.first?.contains(expected) == true, "\(lines)")
    }

    @Test("all faults at once, in the order of the file")
    func all() {
        let lines = faults(SampleFiles.faulty, environment: ["PASSWORD": "hunter2"])
        #expect(lines == SampleFiles.faultsOfFaulty)
        #expect(!lines.joined().contains("hunter2"))
    }

    @Test("a syntax error is the only fault")
    func syntax() {
        #expect(faults("{Module: {A: [}}") == ["f:1:15: Module.A[0]: expected a value, found '}'"])
    }

    @Test("checks settings of the types that it was given a check for, and only those")
    func checks() throws {
        let text = """
            {Module: {Gate: [{Id: 'g', Host: '::1', Settings: {TCPAdr: ':1', MaxMsgLen: 0}}],
                      Foreign: [{Id: 'x', Host: '::1', Settings: {Anything: [1, {deep: true}]}}]}}
            """
        let check: ServerConfiguration.SettingsCheck = { reader in
            _ = reader.listenAddress("TCPAddr", as: "TCP")
            _ = reader.int("MaxMsgLen", in: 1...10)
        }
        let error = #expect(throws: ConfigurationError.self) { try load(text, checks: ["Gate": check]) }
        #expect(
            error?.faults.map(\.description) == [
                "f:1:52: Module.Gate[0].Settings.TCPAdr: is not a known key; did you mean TCPAddr?",
                "f:1:77: Module.Gate[0].Settings.MaxMsgLen: must be a whole number from 1 to 10, but is 0",
            ])
        #expect(try load(text).modules.count == 2)
    }

    @Test("a check runs on entries without Settings too")
    func checkWithoutSettings() {
        let text = "{\(Self.oneEntry)}"
        let error = #expect(throws: ConfigurationError.self) {
            try load(text, checks: ["A": { _ = $0.string("Path", required: true) }])
        }
        #expect(error?.faults.map(\.description) == ["f:1:19: Module.A[0].Settings.Path: is missing"])
    }

    @Test("the environment reaches every string, settings included")
    func environment() throws {
        let configuration = try load(
            "{Module: {A: [{Id: '${N}:A', Host: '${H:-10.0.0.1}', Settings: {K: ['$${N}', '${N}']}}]}}",
            environment: ["N": "n1"])
        let entry = try #require(configuration.modules.first)
        #expect(entry.idTemplate == "n1:A")
        #expect(entry.host.description == "10.0.0.1")
        #expect(try entry.settings.read { $0.strings("K") } == ["${N}", "n1"])
    }
}
