import ArgumentParser
import Glibc

/// What all kinds of load are told.
struct CommonOptions: ParsableArguments {
    @Option(help: "Where the server listens; several: clients take them in turn.")
    var address: [String] = []
    @Flag(help: "MQTT over WebSocket; without --address at 127.0.0.1:3653 and not 3563.")
    var ws = false
    @Option(name: [.customShort("n"), .long], help: "Clients, each with a connection of its own.")
    var connections = 1
    @Option(help: "Processes that make the load.")
    var processes = 1
    @Option(help: "Clients that connect, log in and join at a time.")
    var connecting = 64
    @Option(help: "Seconds over which the clients come; 0: as fast as it goes.")
    var ramp = 0.0
    @Option(help: "Seconds that are measured.")
    var duration = 5.0
    @Option(help: "Seconds of load before that.")
    var warmUp = 1.0
    @Option(help: "Seconds until an answer counts as missing.")
    var timeout = 10.0
    @Option(help: "QoS of what the clients publish: 0 or 1.")
    var qos = 1
    @Option(help: "The keep-alive of the clients, in seconds.")
    var keepAlive = 60
    @Option(help: "Begins the names of the users, which end with a number from 0.")
    var userPrefix = "user"
    @Option(help: "Begins the names of rooms, which end with a number from 0.")
    var roomPrefix = "room"
    @Option(help: "What a right answer contains; '' for any.")
    var ok = #""Error":"""#
    @Option(help: "Process ids of the server, with commas: their CPU time and memory are told.")
    var watch = ""
    @Flag(help: "One line of JSON.")
    var json = false
    @Option(help: .hidden)
    var worker: Int?

    func validate() throws {
        try require(1...1_000_000, connections, "--connections")
        try require(1...64, processes, "--processes")
        try require(1...5000, connecting, "--connecting")
        try require(0...86_400, ramp, "--ramp")
        try require(0.1...86_400, duration, "--duration")
        try require(0...86_400, warmUp, "--warm-up")
        try require(0.1...3600, timeout, "--timeout")
        try require(0...1, qos, "--qos")
        try require(0...65_535, keepAlive, "--keep-alive")
        guard processes <= connections else { throw ValidationError("--processes is larger than --connections") }
        for text in address where ServerAddress(text) == nil {
            throw ValidationError("--address \(text) is no HOST:PORT of IPv4")
        }
        guard watchedProcesses != nil else { throw ValidationError("--watch takes process ids: --watch 17,18") }
        try checkDescriptors()
    }

    /// Each connection is an open file.
    private func checkDescriptors() throws {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        let needed = connections / processes + 65
        guard UInt64(needed) <= UInt64(limit.rlim_cur) else {
            throw ValidationError(
                "\(connections) connections need \(needed) open files in a process, and the system allows "
                    + "\(limit.rlim_cur) (ulimit -Hn): take more --processes, or raise it")
        }
    }

    private var watchedProcesses: [Int32]? {
        let words = watch.split(separator: ",", omittingEmptySubsequences: false)
        let numbers = words.compactMap { Int32($0) }.filter { $0 > 0 }
        return watch.isEmpty ? [] : numbers.count == words.count ? numbers : nil
    }

    private func require<Value: Comparable>(_ range: ClosedRange<Value>, _ value: Value, _ name: String) throws {
        guard range.contains(value) else {
            throw ValidationError("\(name) is \(range.lowerBound) to \(range.upperBound), not \(value)")
        }
    }

    func names(textSize: Int = 32) -> Template.Names {
        Template.Names(userPrefix: userPrefix, roomPrefix: roomPrefix, textSize: textSize)
    }

    func plan(_ kind: LoadPlan.Kind, setup: [ClientSetup.Step], rooms: Int = 1) -> LoadPlan {
        let texts = address.isEmpty ? [ws ? "127.0.0.1:3653" : "127.0.0.1:3563"] : address
        return LoadPlan(
            kind: kind,
            pool: ConnectionPool.Configuration(
                addresses: texts.compactMap(ServerAddress.init), usesWebSocket: ws, keepAlive: UInt16(keepAlive)),
            connections: connections, processes: processes, names: names(), setup: setup,
            answer: Answer(expected: Array(ok.utf8)), rooms: rooms, qos: UInt8(qos), atOnce: connecting, ramp: ramp,
            warmUp: warmUp, duration: duration, timeout: timeout, watched: watchedProcesses ?? [])
    }
}

extension Template {
    /// From a text of the command line.
    init(_ source: String, of option: String, names: Names) throws {
        do throws(TemplateError) { try self.init(source, names: names) } catch {
            throw ValidationError("\(option): \(error)")
        }
    }
}
