import Glibc
internal import Logging
import MqantAMQPURI

/// One attempt to open a connection, on its way to the owner thread.
struct Connector: ConnectionOpening {
    let configuration: ConnectionConfiguration
    let handlers: ConnectionHandlers
    let loop: ConnectionLoop
    let socket: SocketGuard
    let waiter: Waiter<Connection>
    let logger: Logger

    /// On the owner thread: tries each URI, waiting for the network within their bounds.
    func open(on thread: LoopThread) {
        var failures: [RabbitMQError] = []
        for uri in configuration.uris {
            if socket.cutReason != nil { break }
            do {
                let login = try Login(to: uri, configuration, socket: socket)
                start(login, uri, thread)
                return
            } catch {
                logger.debug("broker not reached", metadata: ["uri": "\(uri)", "reason": "\(error)"])
                failures.append(error)
            }
        }
        guard var error = failures.last else {
            waiter.fail(CancellationError())
            return
        }
        if failures.count > 1 {
            // With the broker's words of each, so the last one's are not said twice.
            error.message = failures.map(\.description).joined(separator: "; ")
            (error.replyCode, error.replyText) = (nil, nil)
        }
        waiter.fail(error)
    }

    func fail(_ error: RabbitMQError) {
        waiter.fail(error)
    }

    private func start(_ login: Login, _ uri: AMQPURI, _ thread: LoopThread) {
        let connection = Connection(
            uri: uri, address: login.address, loop: loop, socket: socket, frameMaximum: login.frameMaximum,
            configuration: configuration)
        let core = ConnectionCore(
            login: login, uri: uri, socket: socket, inbox: connection.inbox, configuration: configuration,
            handlers: CoreHandlers(
                deliveries: handlers.deliveries, event: handlers.event,
                write: handlers.write.map { write in { write(connection) } }, ended: { connection.detach() }),
            logger: logger)
        connection.attach(core)
        thread.adopt(core)
        // A caller that no longer waits cannot close it.
        if !waiter.succeed(connection) { connection.abort() }
    }
}
