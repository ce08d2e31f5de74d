import Glibc
internal import Logging
import MqantAMQPURI

/// One attempt to open a connection, on its way to the owner thread.
struct Connector: Sendable {
    let configuration: Connection.Configuration
    let handlers: ConnectionHandlers
    let loop: ConnectionLoop
    let socket: SocketGuard
    let waiter: Waiter<Connection>
    let logger: Logger

    /// On the owner thread: tries each URI, waiting for the network within their bounds.
    func connect(_ thread: LoopThread) {
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

    private func start(_ login: Login, _ uri: AMQPURI, _ thread: LoopThread) {
        let connection = Connection(
            uri: uri, address: login.address, loop: loop, socket: socket, frameMaximum: login.frameMaximum,
            configuration: configuration)
        let link = Link(
            connection: connection, login: login, configuration: configuration, handlers: handlers, logger: logger)
        connection.attach(link)
        thread.adopt(link)
        // A caller that no longer waits cannot close it.
        if !waiter.succeed(connection) { connection.abort() }
    }
}
