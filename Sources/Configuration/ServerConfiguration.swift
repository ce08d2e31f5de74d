/// What `server.conf` says, checked.
///
/// Everything wrong in the file is told at once, as a ``ConfigurationError``. What module types do with their own
/// `Settings` is checked where the caller hands in a check for the type.
public struct ServerConfiguration: Sendable {
    /// Checks the `Settings` of one module type; adds faults and notes to the reader, and asks it for every key.
    public typealias SettingsCheck = @Sendable (inout SettingsReader) -> Void

    /// The file, as it was named.
    public let file: String

    /// The entries of all module types, in the order of the file; at least one.
    public let modules: [ModuleEntry]

    /// The default of all modules; nil where the file has none.
    public let rabbitMQ: RabbitMQOptions?

    /// The `RPC` section.
    public let rpc: RPCOptions

    /// The `Mqtt` section.
    public let mqtt: MQTTOptions

    /// What is right, but worth knowing; entries have notes of their own.
    let notes: [ConfigurationNote]

    let source: ConfigurationSource

    /// Whether any entry is reached through a broker.
    package var usesBroker: Bool { modules.contains { $0.rabbitMQ != nil } }

    /// Reads a configuration from text.
    ///
    /// - Parameters:
    ///   - text: The content of the file.
    ///   - file: What faults call it.
    ///   - environment: What `${NAME}` stands for.
    ///   - checks: By module type, the check of its `Settings`. Those of other types are not looked at.
    public init(
        text: String, file: String = "server.conf", environment: [String: String] = [:],
        checks: [String: SettingsCheck] = [:]
    ) throws(ConfigurationError) {
        try self.init(bytes: Array(text.utf8), file: file, environment: environment, checks: checks)
    }

    init(
        bytes: [UInt8], file: String, environment: [String: String], checks: [String: SettingsCheck]
    ) throws(ConfigurationError) {
        let source = try ConfigurationSource(bytes: bytes, file: file)
        let written = try ConfigurationParser.parse(source)
        var expander = EnvironmentExpander(source: source, environment: environment)
        let value = expander.expand(written, path: ConfigurationPath())
        guard case .object = value.content else {
            throw ConfigurationError(source.fault(at: value.offset, "must be an object, but is \(value.kind)"))
        }
        var reader = SettingsReader(source: source, path: ConfigurationPath(), value: value)
        reader.alias("Rpc", for: "RPC")
        reader.alias("rpc", for: "RPC")
        var modules = ModuleSection(checks: checks)
        let hasModules: Void? = reader.object("Module", required: true) { modules.read(&$0) }
        let broker = reader.object("Rabbitmq") { RabbitMQSection(&$0) }
        rpc = reader.object("RPC") { RPCOptions(&$0) } ?? RPCOptions()
        mqtt = reader.object("Mqtt") { MQTTOptions(&$0) } ?? MQTTOptions()
        reader.acceptUnused(["Log"], "logs go to standard error")
        reader.acceptUnused(["Settings"], "modules have Settings of their own")
        reader.acceptUnused(["BI", "OP", "Master", "Tracing", "Redis"])
        reader.finish()
        if let broker, broker.uris == nil {
            reader.fault(at: "Rabbitmq", "has no Uri; write one, or leave the section out to run without a broker")
        }
        if hasModules != nil { modules.resolve(default: broker, &reader) }
        // A string that could not be expanded is one fault, not two.
        let unexpanded = Set(expander.faults.map(\.position))
        let faults = expander.faults + reader.faults.filter { !unexpanded.contains($0.position) }
        guard faults.isEmpty else { throw ConfigurationError(faults: faults) }
        self.file = file
        self.modules = modules.entries
        self.rabbitMQ = broker?.options()
        self.notes = reader.notes
        self.source = source
    }
}
