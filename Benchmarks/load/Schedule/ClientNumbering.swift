/// Which of all clients a process has: every `processes`-th one.
struct ClientNumbering: Equatable {
    /// From 0.
    let process: Int
    let processes: Int
    /// The clients of all processes.
    let total: Int

    /// The clients of this process.
    var count: Int { total > process ? (total - process + processes - 1) / processes : 0 }

    /// The number among all of a client of this process.
    func number(of client: Int) -> Int { process + client * processes }

    /// How many clients of all processes are in a room, where client `number` is in room `number % rooms`.
    static func members(of room: Int, rooms: Int, total: Int) -> Int {
        total > room ? (total - room + rooms - 1) / rooms : 0
    }
}
