import MqantConfiguration

extension Server {
    /// Where a server's configuration stands.
    public struct Configuration: Sendable {
        private enum Place: Sendable {
            case file(String)
            case text(String)
        }

        private let place: Place

        /// A file, `server.conf`.
        public static func file(_ path: String) -> Configuration { Configuration(place: .file(path)) }

        /// Text in the language of `server.conf`, for programs that make it, and for tests.
        public static func text(_ text: String) -> Configuration { Configuration(place: .text(text)) }

        func load(
            environment: [String: String], checks: [String: ServerConfiguration.SettingsCheck]
        ) throws(ConfigurationError) -> ServerConfiguration {
            switch place {
            case .file(let path): try .load(path: path, environment: environment, checks: checks)
            case .text(let text): try ServerConfiguration(text: text, environment: environment, checks: checks)
            }
        }
    }
}
