/// The `Settings` object of a module's entry in `server.conf`, environment variables put in; empty where none is given.
///
/// Read it key by key, all faults at once:
///
///     let room = try object.read { settings in
///         settings.int("MaxMembers", in: 1...100_000, default: 1_000)
///     }
package struct SettingsObject: Sendable {
    let source: ConfigurationSource
    let path: ConfigurationPath
    let value: ConfigurationValue

    init(source: ConfigurationSource, path: ConfigurationPath, value: ConfigurationValue) {
        self.source = source
        self.path = path
        self.value = value
    }

    /// Settings from text, for tests of a module.
    ///
    /// - Parameters:
    ///   - text: An object in the language of `server.conf`.
    ///   - environment: What `${NAME}` stands for.
    package init(text: String, environment: [String: String] = [:]) throws(ConfigurationError) {
        let source = try ConfigurationSource(bytes: Array(text.utf8), file: "Settings")
        let value = try ConfigurationParser.parse(source)
        var expander = EnvironmentExpander(source: source, environment: environment)
        let path = ConfigurationPath().appending("Settings")
        let expanded = expander.expand(value, path: path)
        var faults = expander.faults
        if !expanded.isObject {
            faults.append(source.fault(at: value.offset, path: path, "must be an object, but is \(value.kind)"))
        }
        guard faults.isEmpty else { throw ConfigurationError(faults: faults) }
        self.init(source: source, path: path, value: expanded)
    }

    /// A reader at the beginning, for whoever collects faults of several objects; else ``read(_:)`` is shorter.
    package var reader: SettingsReader {
        SettingsReader(source: source, path: path, value: value)
    }

    /// Reads the settings with typed getters.
    ///
    /// - Parameter body: Asks for every key that the module knows, on every way through it: keys that it did not ask
    ///   for are faults.
    /// - Returns: What `body` returned.
    /// - Throws: Everything that is wrong with the settings, at once.
    package func read<Result>(_ body: (inout SettingsReader) -> Result) throws(ConfigurationError) -> Result {
        var reader = reader
        let result = body(&reader)
        reader.finish()
        guard reader.faults.isEmpty else { throw ConfigurationError(faults: reader.faults) }
        return result
    }
}
