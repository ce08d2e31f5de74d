import Glibc
import MqantBenchSupport
import MqantRPC
import MqantRPCRabbitMQ
import NIOCore
import Synchronization

/// How long it takes after a Gate and the owner of its groups have lost their connections until a push to each of the groups is
/// heard.
final class Recovery: Sendable {
    private let owner: BenchNode
    private let gate: BenchNode
    private let groups: Int
    /// Whether somebody stops and starts the broker; else the connections are cut.
    private let isRestart: Bool
    private let unheard = Mutex<Set<GroupName>>([])

    init(owner: BenchNode, gate: BenchNode, groups: Int, isRestart: Bool) {
        (self.owner, self.gate, self.groups, self.isRestart) = (owner, gate, groups, isRestart)
    }

    /// Prints what took how long, in milliseconds. With `isRestart` the time of day: when the broker listened, others know.
    func run() async throws {
        let gates = try await gate.serve("Gate") { server in
            server.receivePushes { push in _ = self.unheard.withLock { $0.remove(push.group) } }
        }
        try await owner.serve("Chat")
        let names = (0..<groups).map { GroupName.owned(by: "Chat", key: "room \($0)") }
        while !owner.node.hasInstance(of: "Gate") || !gate.node.hasInstance(of: "Chat") { try await pause() }
        let start = NIODeadline.now()
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            for name in names { tasks.addTask { try await self.subscribe(gates, to: name) } }
            try await tasks.waitForAll()
        }
        print("groups=\(groups) subscribe_ms=\(milliseconds(since: start))")
        _ = try await pushUntilHeard(names)
        print("pushed_ms=\(milliseconds(since: start))")
        fflush(nil)

        let before = CPUTime()
        let lost = NIODeadline.now()
        let connections = [owner, gate].map(\.transport.statistics.connections)
        if isRestart {
            // The broker is killed, and a line tells so.
            _ = readLine()
        } else {
            for node in [owner, gate] { node.transport.cut() }
        }
        while zip([owner, gate], connections).contains(where: { $0.transport.statistics.connections == $1 }) {
            try await pause()
        }
        report("connected", since: lost)
        let pushes = try await pushUntilHeard(names)
        report("heard", since: lost)
        print("pushes=\(pushes) cpu=\((CPUTime() - before).own)")
        fflush(nil)
    }

    /// Pushes to each group; after a while once more where nothing was heard, for what is on its way when a connection breaks
    /// may be lost.
    /// - Returns: how many pushes that took.
    private func pushUntilHeard(_ names: [GroupName]) async throws -> Int {
        unheard.withLock { $0 = Set(names) }
        var count = 0
        while true {
            let left = unheard.withLock { $0 }
            guard !left.isEmpty else { return count }
            count += left.count
            for name in left { owner.node.push(GroupPush(group: name, topic: "t", qos: 0, body: ByteBuffer())) }
            let end = NIODeadline.now() + .seconds(1)
            while NIODeadline.now() < end, !unheard.withLock({ $0.isEmpty }) { try await pause() }
        }
    }

    private func pause() async throws { try await Task.sleep(for: .milliseconds(1)) }

    private func report(_ what: String, since start: NIODeadline) {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        let epoch = Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
        print(isRestart ? "\(what)_epoch_ms=\(epoch)" : "\(what)_ms=\(milliseconds(since: start))")
    }

    private func milliseconds(since start: NIODeadline) -> Int64 { (NIODeadline.now() - start).nanoseconds / 1_000_000 }

    private func subscribe(_ instance: InstanceID, to group: GroupName) async throws {
        try await withCheckedThrowingContinuation { continuation in
            gate.node.subscribe(instance, to: group) { continuation.resume(with: $0) }
        }
    }
}
