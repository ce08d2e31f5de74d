import RPC
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
        line?.append { receiver?.received(envelope, on: queue) }
    }

    func returned(_ envelope: Envelope, from queue: QueueName) {
        let receiver = state.withLock(\.receiver)
        returns.append { receiver?.returned(envelope, from: queue) }
    }

    func received(_ announcement: Announcement) {
        guard case .arrives = announcements.decide({ network.fate(of: .announcement, to: "", &$0) }) else { return }
        let receiver = state.withLock(\.receiver)
        announcements.append { receiver?.received(announcement) }
    }

    /// Returns once all that arrived on a queue has been delivered.
    func flush(_ queue: QueueName) async {
        await state.withLock { $0.lines[queue] }?.flush()
    }

    /// Forgets all that has not been delivered.
    func close() async {
        let lines = state.withLock { state in
            state.isClosed = true
            state.receiver = nil
            return Array(state.lines.values)
        }
        for line in lines + [returns, announcements] { await line.close() }
    }
}
