import MqantRPC
import NIOCore
import Synchronization

/// Stands between a transport and its node: what arrives waits in lines.
final class SeededArrivals: TransportReceiver {
    private struct State {
        var receiver: (any TransportReceiver)?
        var lines: [QueueName: SeededLine] = [:]
        var isClosed = false
    }

    private let node: NodeID
    private let network: SeededNetwork
    private let returns: SeededLine
    private let announcements: SeededLine
    private let state = Mutex(State())

    init(node: NodeID, network: SeededNetwork) {
        self.node = node
        self.network = network
        returns = network.line("returns to \(node)")
        announcements = network.line("announcements to \(node)")
    }

    func start(_ receiver: any TransportReceiver) {
        state.withLock { $0.receiver = receiver }
    }

    func received(_ envelope: Envelope, on queue: QueueName) {
        let (line, receiver) = state.withLock { state -> (SeededLine?, (any TransportReceiver)?) in
            guard !state.isClosed else { return (nil, nil) }
            if state.lines[queue] == nil { state.lines[queue] = network.line(queue.rawValue) }
            return (state.lines[queue], state.receiver)
        }
        guard let line, let receiver else { return }
        line.append { [node, network] in
            guard case .request = envelope, let death = network.death(of: node) else {
                return receiver.received(envelope, on: queue)
            }
            if death == .afterRequest { receiver.received(envelope, on: queue) }
            network.carryOut(node)
        }
    }

    func returned(_ envelope: Envelope, from queue: QueueName) {
        let receiver = state.withLock(\.receiver)
        returns.append { receiver?.returned(envelope, from: queue) }
    }

    func refused(_ request: RPCRequest, _ error: RPCError) {
        let receiver = state.withLock(\.receiver)
        returns.append { receiver?.refused(request, error) }
    }

    func received(_ announcement: Announcement) {
        guard case .arrives = announcements.decide({ network.fate(of: .announcement, to: "", &$0) }) else { return }
        tell { $0.received(announcement) }
    }

    func gone(_ node: NodeID, _ queues: [QueueName]) { tell { $0.gone(node, queues) } }

    func vanished(_ queue: QueueName, probedAt: NIODeadline) { tell { $0.vanished(queue, probedAt: probedAt) } }

    func told(_ claim: MembershipTable.Claim) { tell { $0.told(claim) } }

    func answered(_ node: NodeID) { tell { $0.answered(node) } }

    func asked(by queue: QueueName?) { tell { $0.asked(by: queue) } }

    func announcementsRestored() { tell { $0.announcementsRestored() } }

    func refused(_ node: NodeID, host: String, version: Int) {
        tell { $0.refused(node, host: host, version: version) }
    }

    func heardItself() { tell { $0.heardItself() } }

    func connectionChanged(_ change: ConnectionChange) { tell { $0.connectionChanged(change) } }

    /// Has the node told of others, after all that it was told of them before.
    private func tell(_ news: @escaping @Sendable (any TransportReceiver) -> Void) {
        guard let receiver = state.withLock(\.receiver) else { return }
        announcements.append { news(receiver) }
    }

    /// Returns once all that arrived on a queue has been delivered.
    func flush(_ queue: QueueName) async {
        await state.withLock { $0.lines[queue] }?.flush()
    }

    /// Forgets all that has not been delivered.
    func stop() { for line in end() { line.stop() } }

    /// The same. After the return nothing is delivered any more.
    func close() async { for line in end() { await line.close() } }

    private func end() -> [SeededLine] {
        state.withLock { state in
            state.isClosed = true
            state.receiver = nil
            return Array(state.lines.values) + [returns, announcements]
        }
    }
}
