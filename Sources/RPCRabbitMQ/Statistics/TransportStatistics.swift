import Synchronization

/// Counts of what a transport wrote, got and threw away.
package final class TransportStatistics: Sendable {
    /// Why a message or a part of one was dropped.
    package enum Drop: Int, CaseIterable, Sendable {
        /// Neither JSON nor bytes nor a batch.
        case contentType
        /// A request, reply, batch or announcement that cannot be read.
        case malformed
        /// The broker sent what this side does not keep: a body over the bound, or headers out of all reason.
        case skipped
        /// Nothing of this node consumes it any more.
        case unknownQueue
        /// A reply or an announcement that could not be written.
        case unwritten
    }

    private let dropCounts = (0..<Drop.allCases.count).map { _ in Counter() }
    private let messageCount = Counter()
    private let envelopeCount = Counter()
    private let requestCount = Counter()
    private let returnCount = Counter()
    private let probeCount = Counter()
    private let connectionCount = Counter()

    /// AMQP messages with envelopes written so far.
    package var messages: UInt64 { messageCount.value }
    /// Envelopes written so far: more than messages where they travelled together.
    package var envelopes: UInt64 { envelopeCount.value }
    /// Requests received.
    package var requests: UInt64 { requestCount.value }
    /// Messages that came back because their queue was gone.
    package var returns: UInt64 { returnCount.value }
    /// Probes written.
    package var probes: UInt64 { probeCount.value }
    /// Times that a connection was made.
    package var connections: UInt64 { connectionCount.value }

    package func dropped(_ reason: Drop) -> UInt64 { dropCounts[reason.rawValue].value }

    func countDrop(_ reason: Drop) { dropCounts[reason.rawValue].add(1) }
    func countMessage(envelopes: Int) {
        messageCount.add(1)
        envelopeCount.add(UInt64(clamping: envelopes))
    }
    func countRequest() { requestCount.add(1) }
    func countReturn() { returnCount.add(1) }
    func countProbe() { probeCount.add(1) }
    func countConnection() { connectionCount.add(1) }

    private final class Counter: Sendable {
        private let number = Atomic<UInt64>(0)
        var value: UInt64 { number.load(ordering: .relaxed) }
        func add(_ more: UInt64) { number.add(more, ordering: .relaxed) }
    }
}
