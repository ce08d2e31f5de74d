internal import CMqantRabbitMQ

/// A negative status of librabbitmq, as an error.
struct LibraryStatus: Error, CustomStringConvertible {
    let code: Int32

    var description: String { String(cString: amqp_error_string2(code)) }

    /// A status that ended a live connection.
    var asConnectionError: RabbitMQError {
        switch amqp_status_enum(rawValue: code) {
        case AMQP_STATUS_BAD_AMQP_DATA, AMQP_STATUS_UNKNOWN_CLASS, AMQP_STATUS_UNKNOWN_METHOD,
            AMQP_STATUS_UNEXPECTED_STATE, AMQP_STATUS_WRONG_METHOD:
            .malformed("what is not AMQP 0-9-1: \(self)")
        default: .broken(self)
        }
    }
}
