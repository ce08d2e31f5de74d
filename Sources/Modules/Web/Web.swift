import Hummingbird
import Logging
public import Mqant

/// Serves the client page: the files of one folder, under one path.
public struct Web: Module {
    public static let type: ModuleType = "Web"
    public static let settingsCheck: ServerConfiguration.SettingsCheck? = { _ = WebConfiguration(reading: &$0) }

    private let context: ModuleContext
    private let configuration: WebConfiguration

    /// - Throws: `ConfigurationError`, or `WebError` if the folder is not there.
    public init(context: ModuleContext) async throws {
        self.context = context
        configuration = try context.settings.read { WebConfiguration(reading: &$0) }
        try configuration.checkRoot()
    }

    public func run() async throws {
        let logger = context.logger
        var quiet = logger
        quiet.logLevel = max(logger.logLevel, .warning)
        let router = Router()
        router.add(middleware: SecurityHeaders())
        router.add(middleware: FilesUnderPath(path: configuration.path, root: configuration.root, logger: quiet))
        router.get("/") { [path = configuration.path] _, _ in Response.redirect(to: "\(path)index.html", type: .found) }
        let address = configuration.address
        let path = configuration.path
        let application = Application(
            router: router,
            configuration: .init(
                address: .hostname(address.host.isEmpty ? "0.0.0.0" : address.host, port: address.port),
                serverName: App.name),
            onServerRunning: { channel in
                logger.info("HTTP Listen : \(address.host):\(channel.localAddress?.port ?? address.port)\(path)")
            },
            logger: quiet)
        try await application.run()
    }
}
