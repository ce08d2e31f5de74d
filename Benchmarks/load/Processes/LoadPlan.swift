/// What is to be done, as the command line says it.
struct LoadPlan {
    enum Kind {
        case calls(CallLoad.Plan)
        case rooms(RoomLoad.Plan)
        case idle
        case script(Script)
    }

    var kind: Kind
    var pool: ConnectionPool.Configuration
    var connections: Int
    var processes: Int
    var names: Template.Names
    var setup: [ClientSetup.Step]
    /// What the answers to logins and joins contain, and to the requests of a script.
    var answer: Answer
    var rooms: Int
    var qos: UInt8
    var atOnce: Int
    /// In seconds, as the rest.
    var ramp: Double
    var warmUp: Double
    var duration: Double
    var timeout: Double
    /// Processes to watch: the server's.
    var watched: [Int32]

    /// Whether clients may have ended before the run does.
    var endsByItself: Bool {
        if case .script = kind { return true }
        return false
    }

    func numbering(of process: Int) -> ClientNumbering {
        ClientNumbering(process: process, processes: processes, total: connections)
    }
}
