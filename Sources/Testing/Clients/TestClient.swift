import FoundationEssentials
import MqantRPC
public import NIOCore
import NIOFoundationEssentialsCompat

/// A client of a server under test. It speaks MQTT 3.1.1, by whatever transport the test has.
///
/// Its functions may be called from any task. Each wait is bounded: what does not come within 10 s is a `TestFailure`.
public final class TestClient: Sendable {
    /// A message that the server sent without being asked.
    public struct Push: Sendable {
        /// The MQTT topic.
        public let topic: String
        /// The payload as it came.
        public let body: ByteBuffer

        /// The payload as text.
        public var text: String { String(buffer: body) }

        /// The payload, decoded from JSON.
        public func decode<Value: Decodable>(_ type: Value.Type = Value.self) throws -> Value {
            try JSONDecoder().decode(type, from: body)
        }
    }

    /// What a request was answered with instead of a result.
    public struct Refusal: Error, Hashable, CustomStringConvertible {
        /// The text of the answer's `Error`.
        public let message: String
        /// The same as ``message``.
        public var description: String { message }

        /// A refusal with an error text, to compare with.
        public init(message: String) { self.message = message }

        /// True if no instance of the module is live, or the process that had the request, or a call of its function's, died:
        /// the request may have been done, wholly or in part, or not.
        public var isOutage: Bool {
            message.hasPrefix("the process that held ") || message == RPCError.instanceNotFound.message
                || message.hasPrefix("Service(type:") && message.hasSuffix(") not found")
        }
    }

    private static let patience = Duration.seconds(10)

    private let channel: any Channel
    private let inbox: TestInbox

    init(_ entrance: TestEntrance) async throws {
        let inbox = TestInbox()
        self.inbox = inbox
        channel = try await entrance.connect { TestClientHandler(inbox) }
        // A server without a place has closed it already: the inbox says so.
        try? await channel.writeAndFlush(ClientPacket.connect())
        try await inbox.connected(within: Self.patience)
    }

    /// Sends a request, and awaits its result.
    ///
    /// - Parameters:
    ///   - topic: module type and function: `Table/Handler_Sit`.
    ///   - payload: the function's argument.
    ///   - returning: the type of the result, where nothing else says it.
    ///   - repeats: sends it again as long as it is refused because of an outage, 10 s at most. It may then be done more than
    ///     once.
    /// - Throws: `Refusal` with the answer's error text; `DecodingError` if the result is of another type; `TestFailure` if
    ///   no answer comes.
    public func request<Value: Decodable>(
        _ topic: String, _ payload: some Encodable, returning: Value.Type = Value.self, repeats: Bool = false
    ) async throws -> Value {
        try await repeating(repeats) {
            let reply = try await reply(to: topic, payload)
            return try JSONDecoder().decode(Answer<Value>.self, from: reply).value()
        }
    }

    /// Sends a request whose result does not matter, and awaits its end.
    public func request(_ topic: String, _ payload: some Encodable, repeats: Bool = false) async throws {
        try await repeating(repeats) {
            let reply = try await reply(to: topic, payload)
            try JSONDecoder().decode(Answer<Ignored>.self, from: reply).check()
        }
    }

    private func repeating<Value>(_ repeats: Bool, _ body: () async throws -> Value) async throws -> Value {
        let end = ContinuousClock.now + Self.patience
        while true {
            do {
                return try await body()
            } catch let refusal as Refusal where repeats && refusal.isOutage && ContinuousClock.now < end {
                // A client is told of no instance that starts.
                try await Task.sleep(for: .milliseconds(5))
            }
        }
    }

    /// Sends a request without a message id: nobody answers.
    public func post(_ topic: String, _ payload: some Encodable) async throws {
        try await channel.writeAndFlush(
            ClientPacket.publish(topic, try JSONEncoder().encodeAsByteBuffer(payload, allocator: ByteBufferAllocator()))
        )
    }

    /// The next push, in the order in which they came. Those that came before it was asked for count too.
    public func nextPush() async throws -> Push {
        try await inbox.nextPush(within: Self.patience)
    }

    /// The next push to a topic; those to other topics before it are passed over.
    public func nextPush(on topic: String) async throws -> Push {
        while true {
            let push = try await nextPush()
            if push.topic == topic { return push }
        }
    }

    /// Returns once the server has closed the connection.
    public func closed() async throws { try await inbox.closed(within: Self.patience) }

    /// Closes the connection.
    public func close() async { try? await channel.close() }

    private func reply(to topic: String, _ payload: some Encodable) async throws -> ByteBuffer {
        let id = inbox.nextID()
        let topic = "\(topic)/\(id)"
        let body = try JSONEncoder().encodeAsByteBuffer(payload, allocator: ByteBufferAllocator())
        return try await inbox.reply(on: topic, within: Self.patience) {
            channel.writeAndFlush(ClientPacket.publish(topic, body), promise: nil)
        }
    }
}

/// `{"Error":"","Result":…}`.
private struct Answer<Value: Decodable>: Decodable {
    var Error: String
    var Result: Value?

    func check() throws {
        guard Error.isEmpty else { throw TestClient.Refusal(message: Error) }
    }

    func value() throws -> Value {
        try check()
        guard let Result else { throw TestFailure("the result is null") }
        return Result
    }
}

private struct Ignored: Decodable {
    init(from decoder: any Decoder) {}
}
