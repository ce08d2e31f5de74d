import ArgumentParser
import FoundationEssentials
import Glibc
import Logging
import Mqant
import MqantRPC
import NIOCore

/// `mqantserver health`: whether the node that this file starts on this machine is up. For health checks of containers.
struct Health<Definition: ServerCommand>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "health",
            abstract: "Say whether the node of this machine is up.",
            discussion: """
                A client must get in at every address at which its modules listen; with a broker, every instance that \
                starts here must answer a call through it. The status is 0, or 1 with one line that says what is wrong.
                """)
    }

    @OptionGroup var options: ConfigurationOptions

    @Option(help: "Seconds that it may take.")
    var timeout = 3.0

    func validate() throws {
        guard timeout >= 0.1, timeout <= 3600 else { throw ValidationError("--timeout takes 0.1 to 3600 seconds") }
    }

    func run() async throws {
        Self.endIn(seconds: timeout)
        // What is waited for says itself that it did not come, a moment before the end.
        let deadline = ContinuousClock.now + .milliseconds(Int64(timeout * 900))
        let program = Definition.program
        let logger = Logger(label: program.name) { _ in SwiftLogNoOpLogHandler() }
        do {
            let placement = try options.placement(of: program)
            guard !placement.starting.isEmpty else {
                throw Unhealthy("no module of \(options.conf) starts on this machine")
            }
            let askedListeners = try await askListeners(of: placement, until: deadline)
            if let broker = try Broker(of: placement) {
                try await Visitor.visit(broker, patience: (deadline - .now) / 2, logger: logger) { visitor in
                    try await Self.askInstances(of: placement, visitor, until: deadline)
                }
            } else if !askedListeners {
                throw Unhealthy("\(options.conf) names no broker and no module with a port: there is nobody to ask")
            }
            try StandardStreams.print("up: \(placement.starting.map(\.id).joined(separator: ", "))")
        } catch let error as ExitCode {
            throw error
        } catch {
            complain(error is ConfigurationError ? "\(error)" : TerminalText.line("\(error)"))
            throw ExitCode(1)
        }
    }

    /// Ends the process with status 1 when the time is up: a check ends, whatever hangs.
    private static func endIn(seconds: Double) {
        signal(SIGALRM) { _ in
            // Only what is safe in a signal handler: signal-safety(7).
            let line: StaticString = "not up: no answer in time\n"
            _ = write(STDERR_FILENO, line.utf8Start, line.utf8CodeUnitCount)
            _exit(1)
        }
        let microseconds = Int(seconds * 1e6)
        var timer = itimerval()
        timer.it_value = timeval(tv_sec: microseconds / 1_000_000, tv_usec: microseconds % 1_000_000)
        setitimer(__itimer_which_t(ITIMER_REAL.rawValue), &timer, nil)
    }

    /// - Returns: whether there is any that can be asked; port 0 is known to the process only.
    private func askListeners(
        of placement: Placement, until deadline: ContinuousClock.Instant
    ) async throws -> Bool {
        let probes = placement.starting.flatMap { id, entry in
            entry.listeners.filter { $0.address.port != 0 }.map { ListenerProbe(instance: id, listener: $0) }
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for probe in probes { group.addTask { try await probe.run(within: min(.seconds(1), deadline - .now)) } }
            try await group.waitForAll()
        }
        return !probes.isEmpty
    }

    private static func askInstances(
        of placement: Placement, _ visitor: Visitor, until deadline: ContinuousClock.Instant
    ) async throws {
        let ids = placement.starting.map { InstanceID($0.id) }
        try await visitor.discover(within: deadline - .now) { view in
            ids.allSatisfy { view.candidate($0) != nil }
        }
        let host = placement.machine.primaryAddress?.ip.description
        for id in ids {
            let peers = visitor.node.view.peers.values
            guard let peer = peers.first(where: { $0.instances.contains { $0.id == id } }) else {
                throw Unhealthy("not up: \(id) is not known at the broker")
            }
            if let host, peer.host != host {
                throw Unhealthy("not up: \(id) is on another machine, \(peer.host)")
            }
            let request = RPCRequest(function: InstanceStatus.function, payload: .json(ByteBuffer(string: "[]")))
            let bound = max(.milliseconds(1), deadline - .now)
            do throws(RPCError) {
                _ = try await visitor.node.call(.instance(id), request, timeout: TimeAmount(bound))
            } catch {
                throw Unhealthy("not up: \(id): \(error.message)")
            }
        }
    }
}

/// What is wrong with this machine's node, in one line.
struct Unhealthy: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
