/// exchange.declare, AMQP 0-9-1 §1.6.2.1.
package struct ExchangeDeclaration: Sendable {
    package enum Kind: String, Sendable {
        case direct, fanout, topic, headers
    }

    package var name: String
    package var kind: Kind
    /// Only asks whether it exists: a missing one closes the channel with 404.
    package var isPassive = false
    package var isDurable = false
    /// Deleted when the last binding goes.
    package var isAutoDelete = false
    package var isInternal = false
    package var arguments = FieldTable()

    package init(name: String, kind: Kind) {
        self.name = name
        self.kind = kind
    }
}
