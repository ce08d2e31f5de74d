/// The properties of a message, AMQP 0-9-1 §1.8 (class basic). Absent ones are nil and take no room on the wire.
///
/// Every string but those inside `headers` is an AMQP short string: at most 255 bytes of UTF-8.
/// A received one that is not UTF-8 is repaired with U+FFFD.
package struct BasicProperties: Sendable, Hashable {
    package enum DeliveryMode: UInt8, Sendable {
        /// Kept in memory only.
        case transient = 1
        /// Written to disk if the queue is durable.
        case persistent = 2
    }

    package var contentType: String?
    package var contentEncoding: String?
    /// An empty table is not sent.
    package var headers = FieldTable()
    package var deliveryMode: DeliveryMode?
    package var priority: UInt8?
    package var correlationID: String?
    package var replyTo: String?
    /// Milliseconds as a decimal number, the form RabbitMQ demands.
    package var expiration: String?
    package var messageID: String?
    /// Seconds since 1970.
    package var timestamp: UInt64?
    package var type: String?
    /// RabbitMQ refuses a value that is not the connection's own user.
    package var userID: String?
    package var appID: String?
    package var clusterID: String?

    package init() {}
}

extension BasicProperties {
    /// The name of a short string that is longer than AMQP allows, nil if all fit.
    var oversizedField: String? {
        func tooLong(_ text: String?) -> Bool { (text?.utf8.count ?? 0) > ShortString.maximumLength }
        if tooLong(contentType) { return "contentType" }
        if tooLong(contentEncoding) { return "contentEncoding" }
        if tooLong(correlationID) { return "correlationID" }
        if tooLong(replyTo) { return "replyTo" }
        if tooLong(expiration) { return "expiration" }
        if tooLong(messageID) { return "messageID" }
        if tooLong(type) { return "type" }
        if tooLong(userID) { return "userID" }
        if tooLong(appID) { return "appID" }
        if tooLong(clusterID) { return "clusterID" }
        return nil
    }
}
