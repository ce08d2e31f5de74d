package import Logging

extension Connection {
    /// Logs in at the first of the configured brokers that lets it, trying them in turn on the loop's own thread.
    ///
    /// `loop` nil: a thread of its own. Throws the error of the last URI when none worked, with all of them in its
    /// message; `invalidConfiguration` if there is none. A cancelled caller does not wait, and a connection that
    /// succeeds afterwards is cut.
    package static func open(
        _ configuration: Configuration, on loop: ConnectionLoop? = nil, handlers: ConnectionHandlers,
        logger: Logger = Logger(label: "rabbitmq")
    ) async throws -> Connection {
        guard !configuration.uris.isEmpty else {
            throw RabbitMQError(.invalidConfiguration, "there is no URI of a broker")
        }
        let connector = Connector(
            configuration: configuration, handlers: handlers, loop: try loop ?? ConnectionLoop(),
            socket: SocketGuard(), waiter: Waiter(timeout: nil), logger: logger)
        return try await withTaskCancellationHandler {
            try await connector.waiter.wait { try connector.loop.core.submit(connector) }
        } onCancel: {
            connector.socket.cut(RabbitMQError(.closedLocally, "opening the connection was cancelled"))
        }
    }
}
