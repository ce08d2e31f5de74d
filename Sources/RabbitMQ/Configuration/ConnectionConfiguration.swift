package import MqantAMQPURI

/// How to reach a broker, and within which bounds.
package struct ConnectionConfiguration: Sendable {
    /// Tried in turn until one logs in.
    package var uris: [AMQPURI]
    /// Shown in RabbitMQ's management as the connection's name.
    package var name = "mqantserver"
    /// Proposed to the broker; the smaller of both counts. A peer silent for twice this is taken for dead.
    /// Whole seconds; zero: none.
    package var heartbeat: Duration = .seconds(5)
    /// For one URI: name, TCP and TLS, then once more for the login. All addresses of a name have their turn in it.
    package var connectTimeout: Duration = .seconds(5)
    /// A larger body, in bytes, is refused when published and skipped when received.
    package var maximumBodySize = 8 * 1024 * 1024
    /// Operations that may wait for the owner thread or for an unblocked broker, before `queueFull`.
    package var queueCount = 65_536
    /// The same in bytes of bodies.
    package var queueBytes = 64 * 1024 * 1024
    /// Bytes in the output buffer above which publishing waits in the queue.
    package var outputLimit = 1024 * 1024
    /// A socket that takes nothing for so long, while the broker has not said that it blocks, is cut.
    package var sendStallLimit: Duration = .seconds(10)

    /// Tried before the other addresses of its name: a second connection shall meet the broker of the first.
    package var preferredAddress: PeerAddress?
    /// Where names are looked up.
    var names = NameLookup.shared

    package init(uris: [AMQPURI]) {
        self.uris = uris
    }

    /// Reads each text; throws the first fault, naming which of several.
    package init(uris texts: [String]) throws(RabbitMQError) {
        var uris: [AMQPURI] = []
        for (index, text) in texts.enumerated() {
            do throws(AMQPURI.Malformed) {
                uris.append(try AMQPURI(parsing: text))
            } catch {
                let which = texts.count > 1 ? " (number \(index + 1) of \(texts.count))" : ""
                throw RabbitMQError(
                    .invalidConfiguration, "the URI of the broker\(which) \(error.message)")
            }
        }
        self.init(uris: uris)
    }
}
