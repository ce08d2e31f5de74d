import MqantAMQPURI
package import MqantRPC
package import MqantRabbitMQ

/// Where the broker is, what things are called there, and the bounds.
package struct TransportConfiguration: Sendable {
    /// How to reach the broker: URIs, heartbeat (default 5 s), connect timeout, the bound of a body (default 8 MiB).
    package var connection: Connection.Configuration
    /// The index of the URI that is tried first; nil: a random one.
    package var firstURI: Int?
    /// How long this node's messages to all may take to come back, among others.
    package var membership = MembershipTiming()
    /// The prefix of the exchange of announcements, `mqant.nodes` (fanout).
    package var exchange = "mqant"
    /// The prefix of all queues (`Queue` in server.conf).
    package var queuePrefix = ""
    /// The prefix of all consumer tags (`ConsumerTag`).
    package var consumerTagPrefix = ""
    /// Envelopes that may wait to be written; a further request is refused as `overloaded`, other things are dropped.
    package var maxWaiting = 65_536
    /// The same in bytes.
    package var maxWaitingBytes = 64 * 1024 * 1024
    /// How long a confirmed send without a deadline may wait to be written.
    package var writeTimeout: Duration = .seconds(10)
    /// How long the broker's word on a confirmed send to a queue is awaited.
    package var confirmTimeout: Duration = .seconds(1)
    /// How long `start` tries to reach the broker, and `openQueue` to be let: the broker, its user, its virtual host or
    /// a permission may come later.
    package var startTimeout: Duration = .seconds(30)
    /// The longest pause between two attempts to reconnect; the first is a twentieth of it.
    package var reconnectPause: Duration = .milliseconds(500)
    /// A queue is closed once no request has come for so long, which tells that all callers know.
    package var quietTime: Duration = .milliseconds(100)
    /// The timeout of each step of a shutdown: waiting for callers to go quiet, closing a queue, writing what is left and
    /// closing the connection.
    package var closeTimeout: Duration = .seconds(2)

    package init(connection: Connection.Configuration) { self.connection = connection }

    /// How long an Id's lock may be held by a process that does not answer: by then the broker has given up on it.
    /// That process had the same URIs, whose `heartbeat` counts more than the default.
    var lockPatience: Duration {
        let longest = connection.uris.map { $0.heartbeat ?? connection.heartbeat }.max() ?? connection.heartbeat
        return max(.seconds(3), longest * 3)
    }

    /// The brokers without their passwords, for people.
    var brokers: String { connection.uris.map(\.description).joined(separator: ", ") }
}
