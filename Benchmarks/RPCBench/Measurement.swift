import Glibc
import NIOCore
import RPC
import Synchronization

/// Keeps calls outstanding: every answer makes the next call.
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

    func run() async -> String {
        state.withLock { state in
            state.outstanding = window
            state.latencies.reserveCapacity(1 << 20)
        }
        for _ in 0..<window { call() }
        let before = cpu()
        while state.withLock({ $0.outstanding }) > 0 { try? await Task.sleep(for: .milliseconds(20)) }
        let used = cpu() - before
        let (latencies, errors) = state.withLock { ($0.latencies.sorted(), $0.errors) }
        guard !latencies.isEmpty else { return "w=\(window) nothing, \(errors) errors" }
        let seconds = Double((end - start).nanoseconds) / 1e9
        return "w=\(window) calls/s=\(Int(Double(latencies.count) / seconds)) p50=\(latencies[latencies.count / 2]) "
            + "p99=\(latencies[latencies.count * 99 / 100]) us cpu=\(used) errors=\(errors)"
    }

    private func call() {
        let sent = NIODeadline.now()
        node.call("Echo", request) { reply in
            let now = NIODeadline.now()
            let goesOn = self.state.withLock { state in
                if case .failure = reply { state.errors += 1 }
                if now >= self.start, now < self.end {
                    state.latencies.append(UInt32(clamping: (now - sent).nanoseconds / 1000))
                }
                if now >= self.end { state.outstanding -= 1 }
                return now < self.end
            }
            if goesOn { self.call() }
        }
    }
}
