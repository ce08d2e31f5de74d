internal import CMqantRabbitMQ

extension Request {
    /// Sends the method. The structure lives on the stack, what it points to in the pool, until the transport has
    /// copied both.
    func send(on channel: UInt16, over transport: any FrameTransport, pool: ScratchPool) throws(RabbitMQError) {
        switch self {
        case .channelOpen:
            var method = amqp_channel_open_t()
            try transport.sendMethod(channel, MethodID.channelOpen, &method)
        case .channelClose:
            var method = amqp_channel_close_t()
            method.reply_code = UInt16(AMQP_REPLY_SUCCESS)
            try transport.sendMethod(channel, MethodID.channelClose, &method)
        case .confirmSelect:
            var method = amqp_confirm_select_t()
            try transport.sendMethod(channel, MethodID.confirmSelect, &method)
        case .qos(let count):
            var method = amqp_basic_qos_t()
            method.prefetch_count = count
            try transport.sendMethod(channel, MethodID.qos, &method)
        case .acknowledge(let tag, let multiple):
            var method = amqp_basic_ack_t()
            method.delivery_tag = tag
            method.multiple = multiple.asC
            try transport.sendMethod(channel, MethodID.acknowledge, &method)
        case .reject(let tag, let multiple, let requeue):
            var method = amqp_basic_nack_t()
            method.delivery_tag = tag
            method.multiple = multiple.asC
            method.requeue = requeue.asC
            try transport.sendMethod(channel, MethodID.negativeAcknowledge, &method)
        case .consume(let queue, let options):
            var method = amqp_basic_consume_t()
            method.queue = try pool.bytes(queue)
            method.consumer_tag = try pool.bytes(options.tag)
            method.no_ack = options.withoutAcknowledgement.asC
            method.exclusive = options.isExclusive.asC
            method.arguments = try options.arguments.encoded(in: pool)
            try transport.sendMethod(channel, MethodID.consume, &method)
        case .cancel(let tag):
            var method = amqp_basic_cancel_t()
            method.consumer_tag = try pool.bytes(tag)
            try transport.sendMethod(channel, MethodID.cancel, &method)
        default:
            try sendTopology(on: channel, over: transport, pool: pool)
        }
    }

    private func sendTopology(
        on channel: UInt16, over transport: any FrameTransport, pool: ScratchPool
    ) throws(RabbitMQError) {
        switch self {
        case .exchangeDeclare(let exchange):
            var method = amqp_exchange_declare_t()
            method.exchange = try pool.bytes(exchange.name)
            method.type = try pool.bytes(exchange.kind.rawValue)
            method.passive = exchange.isPassive.asC
            method.durable = exchange.isDurable.asC
            method.auto_delete = exchange.isAutoDelete.asC
            method.internal = exchange.isInternal.asC
            method.arguments = try exchange.arguments.encoded(in: pool)
            try transport.sendMethod(channel, MethodID.exchangeDeclare, &method)
        case .exchangeDelete(let name, let ifUnused):
            var method = amqp_exchange_delete_t()
            method.exchange = try pool.bytes(name)
            method.if_unused = ifUnused.asC
            try transport.sendMethod(channel, MethodID.exchangeDelete, &method)
        case .queueDeclare(let queue):
            var method = amqp_queue_declare_t()
            method.queue = try pool.bytes(queue.name)
            method.passive = queue.isPassive.asC
            method.durable = queue.isDurable.asC
            method.exclusive = queue.isExclusive.asC
            method.auto_delete = queue.isAutoDelete.asC
            method.arguments = try queue.arguments.encoded(in: pool)
            try transport.sendMethod(channel, MethodID.queueDeclare, &method)
        case .queueBind(let binding, let isSilent):
            var method = amqp_queue_bind_t()
            method.queue = try pool.bytes(binding.queue)
            method.exchange = try pool.bytes(binding.exchange)
            method.routing_key = try pool.bytes(binding.routingKey)
            method.nowait = isSilent.asC
            method.arguments = try binding.arguments.encoded(in: pool)
            try transport.sendMethod(channel, MethodID.queueBind, &method)
        case .queueUnbind(let binding):
            var method = amqp_queue_unbind_t()
            method.queue = try pool.bytes(binding.queue)
            method.exchange = try pool.bytes(binding.exchange)
            method.routing_key = try pool.bytes(binding.routingKey)
            method.arguments = try binding.arguments.encoded(in: pool)
            try transport.sendMethod(channel, MethodID.queueUnbind, &method)
        case .queuePurge(let name):
            var method = amqp_queue_purge_t()
            method.queue = try pool.bytes(name)
            try transport.sendMethod(channel, MethodID.queuePurge, &method)
        case .queueDelete(let name, let ifUnused, let ifEmpty):
            var method = amqp_queue_delete_t()
            method.queue = try pool.bytes(name)
            method.if_unused = ifUnused.asC
            method.if_empty = ifEmpty.asC
            try transport.sendMethod(channel, MethodID.queueDelete, &method)
        default: break
        }
    }
}

extension Bool {
    fileprivate var asC: amqp_boolean_t { self ? 1 : 0 }
}
