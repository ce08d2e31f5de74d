import Hummingbird
import Logging
public import Mqant
import NIOPosix

/// Serves the client page: the files of one folder, under one path.
public struct Web: Module {
    /// `Web`.
    public static let type: ModuleType = "Web"

    private let context: ModuleContext
    private let configuration: WebSettings
    private let connections: ConnectionLimit
    private let group: MultiThreadedEventLoopGroup

    /// Makes the instance. It does not listen yet.
    ///
    /// - Throws: `WebError` if the folder is not there.
    public init(settings: WebSettings, context: ModuleContext) async throws {
        self.context = context
        configuration = settings
        try configuration.checkRoot()
        connections = ConnectionLimit(maximum: min(configuration.maximumConnections, context.maximumConnections))
        group = MultiThreadedEventLoopGroup(numberOfThreads: WebSettings.eventLoops)
    }

    /// Registers what `mqantserver status` reports.
    public func register(on server: RPCServer) throws {
        try server.report("connections") { [connections] in connections.open }
        try server.report("turned away") { [connections] in connections.turnedAway }
    }

    /// Listens, and serves the files until the node shuts down.
    public func run() async throws {
        let logger = context.logger
        var quiet = logger
        quiet.logLevel = max(logger.logLevel, .warning)
        let router = Router()
        router.add(middleware: SecurityHeaders())
        router.add(middleware: FilesUnderPath(path: configuration.path, root: configuration.root, logger: quiet))
        router.get("/") { [path = configuration.path] _, _ in Response.redirect(to: "\(path)index.html", type: .found) }
        let server = WebServer(
            configuration: configuration, group: group, connections: connections, responder: router.buildResponder(),
            program: context.program, logger: quiet)
        try await server.run { [configuration] port in
            logger.info("HTTP Listen : \(configuration.address.host):\(port)\(configuration.path)")
        }
    }

    /// Ends the event loop.
    public func shutdown() async { try? await group.shutdownGracefully() }
}
