import Mqant
import NIOCore
import Synchronization

/// Hands pushes to all event loops in one order: every member of a group sees the same, whatever loop it is on.
final class PushInbox: Sendable {
    private struct State {
        var queues: [[EncodedPush]]
        var isScheduled: [Bool]
        var waitingBytes = 0
    }

    /// Bytes of pushes that may wait; what comes beyond is dropped and counted.
    private static let maximumWaitingBytes = 256 << 20

    private let state: Mutex<State>
    private let droppedCount = Atomic<UInt64>(0)
    private let shards: [Shard]

    init(shards: [Shard]) {
        self.shards = shards
        state = Mutex(
            State(
                queues: Array(repeating: [], count: shards.count),
                isScheduled: Array(repeating: false, count: shards.count)))
    }

    var dropped: UInt64 { droppedCount.load(ordering: .relaxed) }

    /// Has a push written to the group's members, before the return to those on the caller's own event loop.
    func deliver(_ push: EncodedPush) {
        let cost = push.group.rawValue.utf8.count + push.payload.readableBytes
        let toSchedule: [Int]? = state.withLock { state in
            guard state.waitingBytes + cost * shards.count <= Self.maximumWaitingBytes else { return nil }
            state.waitingBytes += cost * shards.count
            return shards.indices.filter { index in
                state.queues[index].append(push)
                defer { state.isScheduled[index] = true }
                return !state.isScheduled[index]
            }
        }
        guard let toSchedule else {
            droppedCount.add(1, ordering: .relaxed)
            return
        }
        for index in toSchedule {
            if shards[index].eventLoop.inEventLoop {
                drain(index)
            } else {
                shards[index].eventLoop.execute { self.drain(index) }
            }
        }
    }

    private func drain(_ index: Int) {
        while true {
            let pushes: [EncodedPush] = state.withLock { state in
                let pushes = state.queues[index]
                state.queues[index] = []
                if pushes.isEmpty { state.isScheduled[index] = false }
                for push in pushes {
                    state.waitingBytes -= push.group.rawValue.utf8.count + push.payload.readableBytes
                }
                return pushes
            }
            guard !pushes.isEmpty else { return }
            for push in pushes { shards[index].write(push) }
        }
    }
}
