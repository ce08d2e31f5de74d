extension Connection {
    /// How to reach a broker, and within which bounds.
    package struct Configuration: Sendable {
        /// Tried in turn until one logs in.
        package var uris: [ConnectionURI]
        /// Shown in RabbitMQ's management as the connection's name.
        package var name = "mqantserver"
        /// Proposed to the broker; the smaller of both counts. A peer silent for twice this is taken for dead.
        /// Whole seconds; zero: none.
        package var heartbeat: Duration = .seconds(5)
        /// For one URI: TCP and TLS, then once more for the login. Looking a host name up is not bounded by it.
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

        package init(uris: [ConnectionURI]) {
            self.uris = uris
        }

        /// Parses each text; throws the first fault, naming which of several.
        package init(uris texts: [String]) throws(RabbitMQError) {
            var parsed: [ConnectionURI] = []
            for (index, text) in texts.enumerated() {
                do {
                    parsed.append(try ConnectionURI(parsing: text))
                } catch {
                    var fault = error
                    if texts.count > 1 { fault.message += " (number \(index + 1) of \(texts.count))" }
                    throw fault
                }
            }
            self.init(uris: parsed)
        }
    }
}
