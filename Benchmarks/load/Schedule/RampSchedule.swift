/// When clients connect: evenly over some time, or as soon as it goes.
struct RampSchedule {
    private let start: UInt64
    private let length: UInt64
    private let clients: Int

    init(clients: Int, start: UInt64, length: UInt64) {
        self.clients = clients
        self.start = start
        self.length = length
    }

    /// When a client may connect.
    func moment(of client: Int) -> UInt64 {
        guard clients > 0 else { return start }
        return start + UInt64(Double(length) * Double(client) / Double(clients))
    }
}
