/// The `Settings` of a module type, as values: read when `server.conf` is read, and by `check`, before anything starts.
///
///     struct Settings: ModuleSettings {
///         var seats: Int
///
///         init(reading settings: inout SettingsReader) {
///             seats = settings.int("Seats", in: 2...10, default: 4)
///         }
///     }
public protocol ModuleSettings: Sendable {
    /// Asks for every key that the module knows, on every way through it: a key that was not asked for is a fault.
    init(reading settings: inout SettingsReader)
}

extension ModuleSettings {
    /// Settings from text, for tests.
    ///
    /// - Parameters:
    ///   - text: an object in the language of `server.conf`.
    ///   - environment: what `${NAME}` stands for.
    /// - Throws: everything that is wrong with the text, at once.
    public init(text: String, environment: [String: String] = [:]) throws(ConfigurationError) {
        self = try SettingsObject(text: text, environment: environment).read { Self(reading: &$0) }
    }
}

/// The settings of a module type that reads none: whatever stands in `Settings` is not looked at.
public struct UncheckedSettings: ModuleSettings {
    /// Takes every key.
    public init(reading settings: inout SettingsReader) { settings.ignoreRest() }
}
