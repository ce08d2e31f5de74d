internal import CMqantRabbitMQ

/// A method that the broker sent on channel 0, the connection's own, as a Swift value.
enum ConnectionMethod {
    case blocked(reason: String)
    case unblocked
    case close(code: UInt16?, text: String?)
    case closeOK

    init(_ id: UInt32, _ decoded: UnsafeMutableRawPointer?, strings: inout StringCache) throws(RabbitMQError) {
        switch id {
        case MethodID.connectionBlocked:
            let method = decoded.structure(amqp_connection_blocked_t.self)
            self = .blocked(reason: method.map { strings.string($0.reason) } ?? "")
        case MethodID.connectionUnblocked:
            self = .unblocked
        case MethodID.connectionClose:
            let method = decoded.structure(amqp_connection_close_t.self)
            self = .close(code: method?.reply_code, text: method.map { strings.string($0.reply_text) })
        case MethodID.connectionCloseOK:
            self = .closeOK
        default:
            throw .violation("the method \(id >> 16).\(id & 0xffff) on channel 0")
        }
    }
}
