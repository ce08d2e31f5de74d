/// Clients that are there and do nothing but what keeps them connected.
final class IdleLoad: Workload {
    private let pool: ConnectionPool
    private let clients: [Int]
    private var closedClients: UInt64 = 0
    private var log = FaultLog()

    init(_ pool: ConnectionPool, clients: [Int]) {
        self.pool = pool
        self.clients = clients
    }

    var isDone: Bool { true }

    func begin(now: UInt64) {}
    func tick(now: UInt64) -> UInt64 { .max }
    func stop(now: UInt64) {}
    func received(_ publish: Publish, by client: Int, now: UInt64) {}

    func closed(_ client: Int, _ fault: ConnectionFault, now: UInt64) {
        closedClients += 1
        log.note("\(fault)")
    }

    func fill(_ report: inout WorkerReport) {
        let open = clients.count { pool.isOpen($0) }
        report.counts = ["open": UInt64(open), "closed": closedClients]
        report.faults = log.faults
    }
}
