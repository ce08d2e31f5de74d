extension ConnectionURI {
    /// The query parameters, named as in RabbitMQ's "URI Query Parameters".
    mutating func readOptions(_ query: Substring) throws(RabbitMQError) {
        for pair in query.split(separator: "&") {
            guard let equals = pair.firstIndex(of: "=") else {
                throw Self.fault("the option \(pair) has no '='")
            }
            let name = String(pair[..<equals])
            let value = try Self.decoded(pair[pair.index(after: equals)...], "option \(name)")
            switch name {
            case "heartbeat":
                // An AMQP short integer of seconds (connection.tune).
                heartbeat = .seconds(Int64(try Self.number(value, name, UInt16.max)))
            case "connection_timeout":
                connectTimeout = .milliseconds(Int64(try Self.number(value, name, 600_000, from: 1)))
            case "cacertfile", "certfile", "keyfile", "verify":
                try readTLSOption(name, value)
            default:
                throw Self.fault(
                    "the option \(name) is unknown; there are cacertfile, certfile, keyfile, verify, heartbeat "
                        + "(seconds) and connection_timeout (milliseconds)")
            }
        }
        if (tls?.certificateFile == nil) != (tls?.keyFile == nil) {
            throw Self.fault("certfile and keyfile must be given together")
        }
    }

    private mutating func readTLSOption(_ name: String, _ value: String) throws(RabbitMQError) {
        guard var options = tls else { throw Self.fault("the option \(name) needs amqps://") }
        if value.isEmpty { throw Self.fault("the option \(name) is empty") }
        switch name {
        case "cacertfile": options.authorityFile = value
        case "certfile": options.certificateFile = value
        case "keyfile": options.keyFile = value
        default:
            switch value {
            case "verify_peer": options.verifiesPeer = true
            case "verify_none": options.verifiesPeer = false
            default: throw Self.fault("the option verify is neither verify_peer nor verify_none")
            }
        }
        tls = options
    }

    private static func number<Integer: FixedWidthInteger>(
        _ text: String, _ name: String, _ limit: Integer, from least: Integer = 0
    ) throws(RabbitMQError) -> Integer {
        guard let value = Integer(text), (least...limit).contains(value) else {
            throw fault("the option \(name) is not a number from \(least) to \(limit)")
        }
        return value
    }
}
