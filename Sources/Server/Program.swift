import FoundationEssentials
import Mqant
import MqantConfiguration

/// A program as its author made it: its name, its version, and the module types that it has.
struct Program: Sendable {
    /// The name that the command line, and lines of the log, carry.
    var name: String
    var version: String
    /// In the order of their start.
    var modules: [any Module.Type]

    /// Reads a configuration, checks it, and places it on this machine.
    ///
    /// - Parameter host: what this machine is, instead of its interfaces' addresses.
    func placement(_ source: Server.Configuration, host: String?) throws(ConfigurationError) -> Placement {
        try checkTypes()
        let environment = ProcessInfo.processInfo.environment
        let configuration = try source.load(environment: environment, checks: settingsChecks)
        let machine = try Machine.current(hostOption: host, environment: environment)
        return try Placement(configuration, on: machine, knownTypes: Set(modules.map { $0.type.rawValue }))
    }

    private func checkTypes() throws(ConfigurationError) {
        var known: [ModuleType: any Module.Type] = [:]
        var faults: [ConfigurationError.Fault] = []
        for module in modules {
            guard let first = known.updateValue(module, forKey: module.type) else { continue }
            let names = first == module ? "\(module) stands twice" : "\(first) and \(module)"
            faults.append(
                .init(file: name, message: "two modules of this program have the type \(module.type): \(names)"))
        }
        guard faults.isEmpty else { throw ConfigurationError(faults: faults) }
    }

    /// By module type, the check of its `Settings`; types whose settings are not looked at have none.
    private var settingsChecks: [String: ServerConfiguration.SettingsCheck] {
        Dictionary(
            modules.compactMap { module in Self.settingsCheck(of: module).map { (module.type.rawValue, $0) } },
            uniquingKeysWith: { first, _ in first })
    }

    private static func settingsCheck<M: Module>(of module: M.Type) -> ServerConfiguration.SettingsCheck? {
        guard M.Settings.self != UncheckedSettings.self else { return nil }
        return { reader in _ = M.Settings(reading: &reader) }
    }
}
