import DequeModule
import Mqant
import NIOCore
import Synchronization

/// Hands pushes to all event loops in one order: every member of a group sees the same, whatever loop it is on.
final class PushInbox: Sendable {
    private struct State {
        var queues: [Deque<EncodedPush>]
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

    /// Has a push written to the group's members; by the return to those on the caller's own event loop, unless that has
    /// no time left in this turn.
    func deliver(_ push: EncodedPush) {
        var push = push
        push.cause = shards.current?.sender?.account
        let cost = push.cost
        let toSchedule: [Int]? = state.withLock { state in
            guard state.waitingBytes + cost * shards.count <= Self.maximumWaitingBytes else { return nil }
            state.waitingBytes += cost * shards.count
            push.cause?.began(loops: shards.count)
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

    /// Hands pushes to a shard until there are no more, or it has no time for more of them in this turn of its loop.
    private func drain(_ index: Int) {
        let shard = shards[index]
        guard !shard.writePushes({ next(index) }) else { return }
        shard.postponePushes { [self] in drain(index) }
    }

    /// Takes the next push of a shard out; nil: there is none, and `deliver` calls `drain` again for the next.
    private func next(_ index: Int) -> EncodedPush? {
        state.withLock { state in
            guard let push = state.queues[index].popFirst() else {
                state.isScheduled[index] = false
                return nil
            }
            state.waitingBytes -= push.cost
            return push
        }
    }
}

extension EncodedPush {
    fileprivate var cost: Int { group.rawValue.utf8.count + payload.readableBytes }
}
