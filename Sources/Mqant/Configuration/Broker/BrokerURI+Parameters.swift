/// What may follow `?` in an AMQP URI: RabbitMQ's "URI Query Parameters", as far as the connections here know them. They
/// check it once more; it is checked here so that `mqantserver check` finds it, and says where it stands.
extension BrokerURI {
    private enum Value {
        case number(ClosedRange<Int>)
        case file
        case verify
    }

    private static let known: [String: Value] = [
        "heartbeat": .number(0...65_535), "connection_timeout": .number(1...600_000),
        "cacertfile": .file, "certfile": .file, "keyfile": .file, "verify": .verify,
    ]

    /// - Throws: what is wrong, without the value: it may have come from the environment.
    func checkParameters() throws(Malformed) {
        for parameter in parameters {
            guard let value = Self.known[parameter.name] else {
                throw Malformed(
                    message: "has an unknown parameter; there are heartbeat (seconds), connection_timeout "
                        + "(milliseconds), and for amqps cacertfile, certfile, keyfile and verify")
            }
            switch value {
            case .number(let range):
                guard let number = Int(parameter.value), range.contains(number) else {
                    let bounds = "\(range.lowerBound) to \(range.upperBound)"
                    throw Malformed(message: "has a \(parameter.name) that is not a number from \(bounds)")
                }
            case .file, .verify:
                guard isEncrypted else { throw Malformed(message: "has a \(parameter.name), which needs amqps://") }
                guard !parameter.value.isEmpty else { throw Malformed(message: "has an empty \(parameter.name)") }
            }
            if case .verify = value, !["verify_peer", "verify_none"].contains(parameter.value) {
                throw Malformed(message: "has a verify that is neither verify_peer nor verify_none")
            }
        }
        let names = parameters.map(\.name)
        guard names.contains("certfile") == names.contains("keyfile") else {
            throw Malformed(message: "has one of certfile and keyfile without the other")
        }
    }
}
