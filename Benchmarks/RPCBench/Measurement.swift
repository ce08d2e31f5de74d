import MqantBenchSupport
import MqantRPC
import NIOCore
import Synchronization

/// Keeps calls outstanding: every answer makes the next call, where it arrives or in a task that awaits it.
final class Measurement: Sendable {
    private struct State {
        var latencies: [UInt32] = []
        var errors = 0
        var outstanding = 0
    }

    private let node: RPCNode
    private let window: Int
    private let start: NIODeadline
    private let end: NIODeadline
    private let state = Mutex(State())
    private let request = RPCRequest(function: "echo", payload: .bytes(ByteBuffer(repeating: 1, count: 200)))

    init(node: RPCNode, window: Int, seconds: Double) {
        self.node = node
        self.window = window
        start = .now() + .milliseconds(300)
        end = start + .nanoseconds(Int64(seconds * 1e9))
    }

    /// - Parameters:
    ///   - inTasks: as modules call, a task for each call that is outstanding.
    ///   - watched: the processes whose CPU time is told too.
    func run(inTasks: Bool, watched: [Int32]) async throws -> RunResult {
        state.withLock { state in
            state.outstanding = window
            state.latencies.reserveCapacity(1 << 20)
        }
        async let used = watch(watched)
        if inTasks {
            await withDiscardingTaskGroup { group in
                for _ in 0..<window { group.addTask { await self.callAgainAndAgain() } }
            }
        } else {
            for _ in 0..<window { call() }
            while state.withLock({ $0.outstanding }) > 0 { try await Task.sleep(for: .milliseconds(20)) }
        }
        let (latencies, errors) = state.withLock { ($0.latencies, $0.errors) }
        if errors > 0 { print("\(errors) errors") }
        return RunResult(
            window: window, seconds: Double((end - start).nanoseconds) / 1e9, latencies: latencies, used: try await used
        )
    }

    private func watch(_ processes: [Int32]) async throws -> CPUTime {
        try await Task.sleep(for: .nanoseconds((start - .now()).nanoseconds))
        let before = CPUTime(with: processes)
        try await Task.sleep(for: .nanoseconds((end - .now()).nanoseconds))
        return CPUTime(with: processes) - before
    }

    private func call() {
        let sent = NIODeadline.now()
        node.call("Echo", request) { reply in
            if self.ended(reply, sent) { self.call() }
        }
    }

    private func callAgainAndAgain() async {
        var goesOn = true
        while goesOn {
            let sent = NIODeadline.now()
            let reply: RPCReply
            do throws(RPCError) {
                reply = .success(try await node.call("Echo", request))
            } catch {
                reply = .failure(error)
            }
            goesOn = ended(reply, sent)
        }
    }

    /// Counts a call; whether there is time for another.
    private func ended(_ reply: RPCReply, _ sent: NIODeadline) -> Bool {
        let now = NIODeadline.now()
        return state.withLock { state in
            if case .failure = reply { state.errors += 1 }
            if now >= start, now < end {
                state.latencies.append(UInt32(clamping: (now - sent).nanoseconds / 1000))
            }
            if now >= end { state.outstanding -= 1 }
            return now < end
        }
    }
}
