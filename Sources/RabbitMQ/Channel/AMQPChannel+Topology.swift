/// Exchanges, queues, bindings. Each call waits for the broker's answer, at most `timeout`. A refusal closes the
/// channel: the error is `channelClosed` with the broker's code (404 missing, 405 locked, 406 declared differently,
/// 403 forbidden).
extension AMQPChannel {
    package func declareExchange(_ exchange: ExchangeDeclaration, timeout: Duration = .seconds(10)) async throws {
        try await ask([.exchangeDeclare(exchange)], timeout)
    }

    package func deleteExchange(
        _ name: String, ifUnused: Bool = false, timeout: Duration = .seconds(10)
    ) async throws {
        try await ask([.exchangeDelete(name: name, ifUnused: ifUnused)], timeout)
    }

    @discardableResult
    package func declareQueue(
        _ queue: QueueDeclaration, timeout: Duration = .seconds(10)
    ) async throws -> QueueStatus {
        guard case .queue(let status) = try await ask([.queueDeclare(queue)], timeout) else { throw wrongAnswer() }
        return status
    }

    /// Returns how many messages were deleted with it. `ifEmpty`: a queue that holds messages stays, error 406.
    @discardableResult
    package func deleteQueue(
        _ name: String, ifUnused: Bool = false, ifEmpty: Bool = false, timeout: Duration = .seconds(10)
    ) async throws -> UInt32 {
        let request = Request.queueDelete(name: name, ifUnused: ifUnused, ifEmpty: ifEmpty)
        guard case .messageCount(let count) = try await ask([request], timeout) else { throw wrongAnswer() }
        return count
    }

    /// Returns how many messages were removed.
    @discardableResult
    package func purgeQueue(_ name: String, timeout: Duration = .seconds(10)) async throws -> UInt32 {
        guard case .messageCount(let count) = try await ask([.queuePurge(name)], timeout) else { throw wrongAnswer() }
        return count
    }

    package func bind(_ binding: QueueBinding, timeout: Duration = .seconds(10)) async throws {
        try await ask([.queueBind(binding)], timeout)
    }

    /// Binds all of them, many in one go, and returns when the last is in force: thousands a second, where one by one
    /// each costs a round trip. Only the last of those that go together is answered: a channel's methods are done in
    /// their order. `timeout` is for each thousand: RabbitMQ 4.3 takes 2 to 4 s for them, 3.10 a third of one.
    package func bind(_ bindings: [QueueBinding], timeout: Duration = .seconds(10)) async throws {
        try await together(bindings) { bindings in
            let last = bindings.count - 1
            try await ask(bindings.enumerated().map { .queueBind($1, isSilent: $0 < last) }, timeout)
        }
    }

    package func unbind(_ binding: QueueBinding, timeout: Duration = .seconds(10)) async throws {
        try await unbind([binding], timeout: timeout)
    }

    /// Undoes all of them, many in one go, and returns when the last is no longer in force. `timeout` is for each
    /// thousand.
    package func unbind(_ bindings: [QueueBinding], timeout: Duration = .seconds(10)) async throws {
        try await together(bindings) { bindings in
            try await ask(bindings.map { .queueUnbind($0) }, timeout)
        }
    }

    /// So many bindings are asked for at a time.
    package static let bindingsAtATime = 1000

    private func together(
        _ bindings: [QueueBinding], _ ask: (ArraySlice<QueueBinding>) async throws -> Void
    ) async throws {
        var rest = bindings[...]
        while !rest.isEmpty {
            try await ask(rest.prefix(Self.bindingsAtATime))
            rest = rest.dropFirst(Self.bindingsAtATime)
        }
    }
}
