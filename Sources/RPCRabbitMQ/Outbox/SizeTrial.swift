import Logging
import MqantRabbitMQ
import NIOCore
import Synchronization

/// Finds out how large a message the broker takes: its `max_message_size`, which no method of AMQP tells.
///
/// A message that is too large closes its channel, and what was published behind it on that channel vanishes. So a body
/// that is larger than any before waits until one of its size, rounded up to a power of two, has been published to
/// nobody on a channel of its own. A connection has a handful of such trials at most. A refusal names the limit.
final class SizeTrial: Sendable {
    enum Verdict: Equatable {
        case fits
        /// Nothing of this size has been tried yet.
        case unproven
        /// The broker takes so many bytes.
        case exceeds(Int)
    }

    private struct Request: Sendable {
        var size: Int
        var completion: @Sendable () -> Void
    }

    private struct State {
        /// Bytes that the broker is known to take.
        var proven = 0
        var limit: Int?
        var isRunning = false
    }

    /// What every connection tries at once: more than a batch has.
    static let first = 128 * 1024

    /// Less than this would not do for announcements.
    static let smallest = 16 * 1024

    private let channel: AMQPChannel
    private let largest: Int
    private let logger: Logger
    /// At most one, for nothing is written meanwhile.
    private let requests: AsyncStream<Request>
    private let requesting: AsyncStream<Request>.Continuation
    private let state = Mutex(State())

    /// - Parameters:
    ///   - channel: confirming, and used for nothing else.
    ///   - largest: the bound of a body, in bytes.
    init(on channel: AMQPChannel, largest: Int, logger: Logger) {
        self.channel = channel
        self.largest = largest
        self.logger = logger
        (requests, requesting) = AsyncStream<Request>.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    var channelID: ChannelID { channel.id }

    /// Bytes of the largest body that the broker takes, once it has refused one.
    var limit: Int? { state.withLock { $0.limit } }

    /// Whether the answer of a trial is awaited, and nothing shall be written meanwhile.
    var isRunning: Bool { state.withLock { $0.isRunning } }

    func verdict(_ size: Int) -> Verdict {
        state.withLock { state in
            // What exceeds the bound of this side is refused where it is written.
            if size <= state.proven || size > largest { return .fits }
            return state.limit.map { .exceeds($0) } ?? .unproven
        }
    }

    /// Has `run` try a size, and calls `completion` when more is known or the trial failed.
    func start(_ size: Int, _ completion: @escaping @Sendable () -> Void) {
        let isFirst = state.withLock { state in
            defer { state.isRunning = true }
            return !state.isRunning
        }
        if isFirst { requesting.yield(Request(size: size, completion: completion)) }
    }

    /// Tries the sizes that `start` is called with, until the task is cancelled. Called once.
    func run() async {
        for await request in requests {
            do {
                try await test(request.size)
            } catch {
                // Who waits for it tries again, or goes with the connection.
                logger.debug("the broker did not say whether a message is too large", metadata: ["reason": "\(error)"])
            }
            state.withLock { $0.isRunning = false }
            request.completion()
        }
    }

    /// Tries a size.
    /// - Throws: whatever says nothing of the size.
    func test(_ size: Int) async throws {
        let size = min(largest, max(Self.first, Self.powerOfTwo(atLeast: size)))
        // By the default exchange, where the key is a queue's name: no queue's is empty.
        let message = OutgoingMessage(routingKey: "", body: ByteBuffer(repeating: 0, count: size))
        do {
            _ = try await channel.publishConfirmed(message)
            state.withLock { $0.proven = max($0.proven, size) }
        } catch let error as RabbitMQError {
            guard error.code == .channelClosed, let limit = error.messageSizeLimit else { throw error }
            state.withLock { ($0.proven, $0.limit) = (limit, limit) }
            logger.warning(
                "the broker takes no larger messages: what exceeds its max_message_size is refused here",
                metadata: ["max_message_size": "\(limit)"])
            try await channel.reopen()
        }
    }

    /// What a node has to say of itself must fit a message.
    /// - Throws: `RabbitMQError` `policyRefused`.
    func checkSmallest() throws {
        guard let limit, limit < Self.smallest else { return }
        throw RabbitMQError(
            .policyRefused,
            "the broker takes messages of \(limit) bytes (max_message_size), and a node needs \(Self.smallest)")
    }

    private static func powerOfTwo(atLeast size: Int) -> Int {
        var power = first
        while power < size, power <= Int.max / 2 { power *= 2 }
        return power
    }
}
