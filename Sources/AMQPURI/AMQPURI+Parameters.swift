/// What may follow `?` in an AMQP URI: RabbitMQ's "URI Query Parameters", as far as they have a meaning here.
extension AMQPURI {
    /// Takes one parameter.
    mutating func read(_ parameter: AMQPURIParts.Parameter) throws(Malformed) {
        switch parameter.name {
        case "heartbeat":
            // An AMQP short integer of seconds (AMQP 0-9-1 connection.tune).
            heartbeat = .seconds(try Self.number(parameter, 0...65_535))
        case "connection_timeout":
            connectTimeout = .milliseconds(try Self.number(parameter, 1...600_000))
        case "cacertfile", "certfile", "keyfile", "verify":
            guard var options = tls else { throw Malformed(message: "has a \(parameter.name), which needs amqps://") }
            guard !parameter.value.isEmpty else { throw Malformed(message: "has an empty \(parameter.name)") }
            try Self.read(parameter, into: &options)
            tls = options
        default:
            throw Malformed(
                message: "has an unknown parameter; there are heartbeat (seconds), connection_timeout "
                    + "(milliseconds), and for amqps cacertfile, certfile, keyfile and verify")
        }
    }

    private static func read(
        _ parameter: AMQPURIParts.Parameter, into options: inout TLSOptions
    ) throws(Malformed) {
        switch (parameter.name, parameter.value) {
        case ("cacertfile", let path): options.authorityFile = path
        case ("certfile", let path): options.certificateFile = path
        case ("keyfile", let path): options.keyFile = path
        case (_, "verify_peer"): options.verifiesPeer = true
        case (_, "verify_none"): options.verifiesPeer = false
        default: throw Malformed(message: "has a verify that is neither verify_peer nor verify_none")
        }
    }

    private static func number(
        _ parameter: AMQPURIParts.Parameter, _ range: ClosedRange<Int>
    ) throws(Malformed) -> Int {
        guard parameter.value.utf8.allSatisfy((UInt8(ascii: "0")...UInt8(ascii: "9")).contains),
            let number = Int(parameter.value), range.contains(number)
        else {
            let bounds = "\(range.lowerBound) to \(range.upperBound)"
            throw Malformed(message: "has a \(parameter.name) that is not a number from \(bounds)")
        }
        return number
    }
}
