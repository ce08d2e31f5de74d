import NIOCore

/// Who has gone of late: what was sent before and comes later is known as old. A pure value.
struct Departures: Sendable {
    private let timing: MembershipTiming
    private var goodbyes: [NodeID: NIODeadline] = [:]
    private var queues: [QueueName: NIODeadline] = [:]

    init(timing: MembershipTiming) { self.timing = timing }

    /// A node says goodbye.
    mutating func left(_ node: NodeID, now: NIODeadline) {
        goodbyes = goodbyes.filter { now - $0.value < timing.goodbyeMemory }
        goodbyes[node] = now
    }

    /// Whether the node said goodbye of late.
    func hasLeft(_ node: NodeID) -> Bool { goodbyes[node] != nil }

    /// Queues are proven gone.
    mutating func gone(_ gone: [QueueName], now: NIODeadline) {
        queues = queues.filter { now - $0.value < timing.overtakenTime }
        for queue in gone { queues[queue] = now }
    }

    /// Whether an announcement was sent before its node was proven gone.
    func isOvertaken(_ announcement: Announcement, now: NIODeadline) -> Bool {
        guard !queues.isEmpty else { return false }
        let announced = announcement.instances.map(\.queue) + (announcement.replies.map { [$0] } ?? [])
        return announced.contains { queues[$0].map { now - $0 < timing.overtakenTime } ?? false }
    }
}
