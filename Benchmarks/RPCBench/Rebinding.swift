import BenchSupport
import Glibc
import NIOCore
import RPC
import RPCRabbitMQ
import Synchronization

/// How long a Gate with many groups needs until the last of them is bound again, after its connection was lost.
struct Rebinding {
    let node: RPCNode
    let transport: RabbitMQTransport
    let groups: Int
    /// Whether somebody stops and starts the broker; else the connection is cut.
    let isRestart: Bool

    /// Prints what took how long, in milliseconds. With `isRestart` the time of day: when the broker listened, others know.
    func run() async throws {
        let start = NIODeadline.now()
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            for number in 0..<groups { tasks.addTask { try await bind(GroupName("room \(number)")) } }
            try await tasks.waitForAll()
        }
        print("groups=\(groups) bind_ms=\(milliseconds(since: start))")
        fflush(nil)
        let before = CPUTime()
        let cut = NIODeadline.now()
        if isRestart {
            // The broker is killed, and a line tells so.
            _ = readLine()
        } else {
            transport.cut()
        }
        let lives = transport.statistics.connections
        while transport.statistics.connections == lives || transport.statistics.connections < 2 {
            try await Task.sleep(for: .milliseconds(1))
        }
        report("connected", since: cut)
        // Binds are done in order, and none before all that were there are there again.
        try await bind("one more")
        report("bound", since: cut)
        print("cpu=\((CPUTime() - before).own)")
        fflush(nil)
    }

    private func report(_ what: String, since start: NIODeadline) {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        let epoch = Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
        print(isRestart ? "\(what)_epoch_ms=\(epoch)" : "\(what)_ms=\(milliseconds(since: start))")
    }

    private func milliseconds(since start: NIODeadline) -> Int64 { (NIODeadline.now() - start).nanoseconds / 1_000_000 }

    private func bind(_ group: GroupName) async throws {
        try await withCheckedThrowingContinuation { continuation in
            node.bind("bench:Echo", to: group) { continuation.resume(with: $0) }
        }
    }
}
