/// What the clients of a process do once they are there.
protocol Workload: ConnectionDelegate {
    func begin(now: UInt64)
    /// Does what is due.
    /// - Returns: when something is due next.
    func tick(now: UInt64) -> UInt64
    /// Sends nothing more; what is under way is still waited for.
    func stop(now: UInt64)
    /// Nothing is under way.
    var isDone: Bool { get }
    /// All is done, before the end of the run.
    var hasEnded: Bool { get }
    func fill(_ report: inout WorkerReport)
}

extension Workload {
    var hasEnded: Bool { false }
    func opened(_ client: Int, now: UInt64) {}
    func subscribed(_ client: Int, now: UInt64) {}
}
