package import RabbitMQ

extension RabbitMQTransport {
    /// Where the broker is, what things are called there, and the bounds.
    package struct Configuration: Sendable {
        /// How to reach the broker: URIs, heartbeat (default 5 s), connect timeout, the bound of a body (default 8 MiB).
        package var connection: Connection.Configuration
        /// The prefix of both exchanges: `mqant.groups` (direct) and `mqant.nodes` (fanout).
        package var exchange = "mqant"
        /// The prefix of all queues (`Queue` in server.conf).
        package var queuePrefix = ""
        /// The prefix of all consumer tags (`ConsumerTag`).
        package var consumerTagPrefix = ""
        /// Envelopes that may wait to be written; a further request is refused as `overloaded`, other things are dropped.
        package var maxWaiting = 65_536
        /// The same in bytes.
        package var maxWaitingBytes = 64 * 1024 * 1024
        /// How long a push without a deadline may wait to be written.
        package var pushTimeout: Duration = .seconds(10)
        /// How long `start` tries to reach the broker: it, its user or its virtual host may come later.
        package var startTimeout: Duration = .seconds(30)
        /// The longest pause between two attempts to reconnect; the first is a twentieth of it.
        package var reconnectPause: Duration = .milliseconds(500)
        /// A queue is closed once no request has come for so long, which tells that all callers know.
        package var quietTime: Duration = .milliseconds(100)
        /// How long a callee's wait for that, and a shutting down node's for what it still has to write, may take.
        package var closeTimeout: Duration = .seconds(2)

        package init(connection: Connection.Configuration) { self.connection = connection }

        /// How long an Id's lock may be held by a process that does not answer: by then the broker has given up on it.
        var lockPatience: Duration { max(.seconds(3), connection.heartbeat * 3) }
    }
}
