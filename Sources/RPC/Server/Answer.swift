/// What a function answers that awaits only sometimes: a value at once, or what is left to do.
///
///     try server.register("Handler_Buy") { (session: Session, order: Order) in
///         guard order.count > 0 else { throw HandlerError("nothing to buy") }
///         return .later { try await buy(order, for: session) }
///     }
///
/// A call that is answered at once costs no task. Versions to come may have more ways, so this is no enum.
public struct Answer<Value: Sendable>: Sendable {
    enum Kind: Sendable {
        case now(Value)
        case later(@Sendable () async throws -> Value)
    }

    let kind: Kind

    /// The value, now.
    public static func now(_ value: Value) -> Self { Self(kind: .now(value)) }

    /// The value that `work` returns. It begins on the same thread.
    ///
    /// - Parameter work: what it throws is what the caller sees.
    public static func later(_ work: @escaping @Sendable () async throws -> Value) -> Self { Self(kind: .later(work)) }
}

extension Answer {
    /// The answer with its value changed.
    package func map<Other: Sendable>(_ transform: @escaping @Sendable (Value) throws -> Other) rethrows -> Answer<
        Other
    > {
        switch kind {
        case .now(let value): .now(try transform(value))
        case .later(let work): .later { try transform(try await work()) }
        }
    }
}
