/// What ties a queue to an exchange.
package struct QueueBinding: Sendable, Hashable {
    package var queue: String
    package var exchange: String
    package var routingKey: String
    package var arguments = FieldTable()

    package init(queue: String, exchange: String, routingKey: String) {
        self.queue = queue
        self.exchange = exchange
        self.routingKey = routingKey
    }
}
