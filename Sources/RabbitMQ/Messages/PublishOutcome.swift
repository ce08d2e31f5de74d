/// What the broker said of a message published with confirmation.
package enum PublishOutcome: Sendable {
    /// The broker has taken responsibility: it is in every queue that it routes to.
    case confirmed
    /// It reached no queue; the return came before the ack, so this is certain.
    case returned(ReturnedMessage)
    /// basic.nack: the broker could not take it.
    case refused
}
