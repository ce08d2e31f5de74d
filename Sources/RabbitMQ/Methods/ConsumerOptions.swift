/// basic.consume, AMQP 0-9-1 §1.8.3.3.
package struct ConsumerOptions: Sendable {
    /// Empty: the broker makes one.
    package var tag = ""
    /// The broker takes a message for settled once it is sent.
    package var withoutAcknowledgement = true
    /// Refuses any other consumer of the queue.
    package var isExclusive = false
    package var arguments = FieldTable()

    package init() {}
}
