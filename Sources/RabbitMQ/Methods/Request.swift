/// A method that this side sends. Those with an -ok are matched with it in order: a channel answers in turn.
enum Request: Sendable {
    case channelOpen
    case channelClose
    case confirmSelect
    case exchangeDeclare(ExchangeDeclaration)
    case exchangeDelete(name: String, ifUnused: Bool)
    case queueDeclare(QueueDeclaration)
    /// `isSilent`: the broker says nothing when it is done; if it cannot be done, it closes the channel all the same.
    case queueBind(QueueBinding, isSilent: Bool = false)
    case queueUnbind(QueueBinding)
    case queuePurge(String)
    case queueDelete(name: String, ifUnused: Bool, ifEmpty: Bool)
    case qos(prefetchCount: UInt16)
    case consume(queue: String, ConsumerOptions)
    case cancel(tag: String)
    case acknowledge(UInt64, multiple: Bool)
    case reject(UInt64, multiple: Bool, requeue: Bool)

    /// Names and tables that the encoder could not carry are refused before they are queued.
    func validate(frameMaximum: Int) throws(RabbitMQError) {
        var names: [String] = []
        var table = FieldTable()
        switch self {
        case .channelOpen, .channelClose, .confirmSelect, .qos, .acknowledge, .reject: return
        case .exchangeDeclare(let exchange): (names, table) = ([exchange.name], exchange.arguments)
        case .queueDeclare(let queue): (names, table) = ([queue.name], queue.arguments)
        case .exchangeDelete(let name, _), .queuePurge(let name), .queueDelete(let name, _, _), .cancel(let name):
            names = [name]
        case .queueBind(let binding, _), .queueUnbind(let binding):
            (names, table) = ([binding.queue, binding.exchange, binding.routingKey], binding.arguments)
        case .consume(let queue, let options): (names, table) = ([queue, options.tag], options.arguments)
        }
        for name in names where name.utf8.count > ShortString.maximumLength {
            throw RabbitMQError(.invalidArgument, "the name \(name.prefix(40))… is longer than 255 bytes")
        }
        // Three short strings and the fixed fields fit the rest.
        if try table.checkedSize() > frameMaximum - 1024 {
            throw RabbitMQError(.invalidArgument, "the arguments do not fit a frame of \(frameMaximum) bytes")
        }
    }
}
