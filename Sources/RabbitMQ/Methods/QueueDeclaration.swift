/// queue.declare, AMQP 0-9-1 §1.7.2.1.
package struct QueueDeclaration: Sendable {
    /// Empty: the broker makes a name, found in `QueueStatus`.
    package var name: String
    /// Only asks whether it exists: a missing one closes the channel with 404.
    package var isPassive = false
    package var isDurable = false
    /// Of this connection only; it ends with it. Another connection that declares it gets 405 RESOURCE_LOCKED.
    package var isExclusive = false
    /// Deleted when the last consumer goes.
    package var isAutoDelete = false
    /// For example `["x-queue-type": "classic"]`.
    package var arguments = FieldTable()

    package init(name: String) {
        self.name = name
    }
}
