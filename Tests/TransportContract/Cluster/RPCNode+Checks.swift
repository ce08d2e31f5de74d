import MqantRPC
import NIOCore

extension RPCNode {
    /// Calls with typed arguments and awaits a typed result, as a module does.
    func ask<each Argument: Encodable & Sendable, Value: Decodable>(
        _ endpoint: Endpoint, _ function: String, _ arguments: repeat each Argument, timeout: TimeAmount? = nil,
        session: SessionState? = nil, returning type: Value.Type = Value.self
    ) async throws(RPCError) -> Value {
        var request = RPCRequest(
            function: function, payload: try ArgumentCoding.encode(arguments: repeat each arguments))
        request.session = session
        return try ArgumentCoding.decode(result: type, from: try await call(endpoint, request, timeout: timeout))
    }

    /// Starts a call at once, on this thread, so that calls made one after the other are sent in that order.
    @discardableResult
    func begin<each Argument: Encodable & Sendable>(
        _ endpoint: Endpoint, _ function: String, _ arguments: repeat each Argument, timeout: TimeAmount? = nil,
        session: SessionState? = nil, completion: @escaping @Sendable (RPCReply) -> Void
    ) throws(RPCError) -> CorrelationID? {
        var request = RPCRequest(
            function: function, payload: try ArgumentCoding.encode(arguments: repeat each arguments))
        request.session = session
        return call(endpoint, request, timeout: timeout, completion: completion)
    }

    /// Casts with typed arguments.
    func tell<each Argument: Encodable & Sendable>(
        _ endpoint: Endpoint, _ function: String, _ arguments: repeat each Argument, session: SessionState? = nil
    ) throws(RPCError) {
        var request = RPCRequest(
            function: function, payload: try ArgumentCoding.encode(arguments: repeat each arguments))
        request.session = session
        try cast(endpoint, request)
    }

    /// The error that a call ends with; nil if it succeeds.
    func failure(
        of endpoint: Endpoint, _ function: String, timeout: TimeAmount? = nil
    ) async -> RPCError? {
        let request = RPCRequest(function: function, payload: .json(ByteBuffer(string: "[]")))
        do throws(RPCError) {
            _ = try await call(endpoint, request, timeout: timeout)
            return nil
        } catch {
            return error
        }
    }

    /// Subscribes and awaits that it is done.
    func subscribe(_ instance: InstanceID, to group: GroupName) async throws {
        try await withCheckedThrowingContinuation { continuation in
            subscribe(instance, to: group) { continuation.resume(with: $0) }
        }
    }
}

extension RPCReply {
    /// The kind of error; nil for a result.
    var code: RPCError.Code? {
        guard case .failure(let error) = self else { return nil }
        return error.code
    }

    /// The result as a value of this type; nil for an error and for anything else.
    func value<Value: Decodable>(as type: Value.Type = Value.self) -> Value? {
        guard case .success(let payload) = self else { return nil }
        return try? ArgumentCoding.decode(result: type, from: payload)
    }
}

extension SessionState {
    /// A new session at a Gate that need not exist.
    static func any() -> SessionState { SessionState(id: SessionID(), gate: "check:Gate") }
}
