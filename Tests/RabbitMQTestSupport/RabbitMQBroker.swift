import Foundation
import Glibc
import Synchronization

/// A RabbitMQ of the tests' own: Debian's `rabbitmq-server` on free ports, with a node name, an epmd, an Erlang cookie
/// and a data folder of its own. The service that apt may have started is neither used nor touched.
/// `RabbitMQPrograms` says which version runs.
///
/// It is gone when this process ends, in whatever way (`Reaper`).
package final class RabbitMQBroker: Sendable {
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    package let port: UInt16
    package let tlsPort: UInt16?
    package let certificates: TestCertificates?
    package let nodeName: String
    package let folder: String
    private let environment: [String: String]
    private let epmd: ChildProcess
    private let server = Mutex<ChildProcess?>(nil)

    private static let counter = Atomic<Int>(0)

    private init(_ options: Options, certificates: TestCertificates?, folder: String) throws {
        let reaper = try Reaper.shared.get()
        let number = Self.counter.add(1, ordering: .relaxed).newValue
        self.folder = folder
        self.certificates = certificates
        port = try FreePort.find()
        tlsPort = certificates == nil ? nil : try FreePort.find()
        nodeName = "mqant-\(getpid())-\(number)@localhost"
        let epmdPort = try FreePort.find()
        for name in ["home", "db", "log"] {
            try FileManager.default.createDirectory(atPath: "\(folder)/\(name)", withIntermediateDirectories: true)
        }
        try options.fileText(port: port, tlsPort: tlsPort, certificates)
            .write(toFile: "\(folder)/rabbitmq.conf", atomically: true, encoding: .utf8)
        try "[].\n".write(toFile: "\(folder)/enabled_plugins", atomically: true, encoding: .utf8)
        environment = [
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8",
            "HOME": "\(folder)/home", "ERL_EPMD_PORT": "\(epmdPort)", "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_CRASH_DUMP": "\(folder)/erl_crash.dump", "RABBITMQ_NODENAME": nodeName,
            "RABBITMQ_DIST_PORT": "\(try FreePort.find())",
            "RABBITMQ_MNESIA_BASE": "\(folder)/db", "RABBITMQ_LOG_BASE": "\(folder)/log",
            "RABBITMQ_CONF_ENV_FILE": "/dev/null", "RABBITMQ_CONFIG_FILE": "\(folder)/rabbitmq.conf",
            "RABBITMQ_ADVANCED_CONFIG_FILE": "\(folder)/advanced.config",
            "RABBITMQ_ENABLED_PLUGINS_FILE": "\(folder)/enabled_plugins",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-start_epmd false", "RABBITMQ_CTL_ERL_ARGS": "-start_epmd false",
            "RABBITMQ_PID_FILE": "\(folder)/pid", "RABBITMQ_FEATURE_FLAGS_FILE": "\(folder)/feature_flags",
        ]
        // Ours, in the foreground: Erlang would start a daemon that nobody stops, hence -start_epmd false.
        epmd = try ChildProcess(
            [RabbitMQPrograms.epmd, "-port", "\(epmdPort)", "-address", "127.0.0.1"], environment: environment)
        reaper.guardSession(epmd.pid)
        try FreePort.waitForListener(epmdPort)
    }

    /// Starts a broker and waits until it takes connections. A port that somebody else took in the meantime is no
    /// reason to fail: it is tried three times, with other ports.
    package static func start(_ options: Options = Options()) async throws -> RabbitMQBroker {
        for _ in 0..<2 {
            if let broker = try? await startOnce(options) { return broker }
        }
        return try await startOnce(options)
    }

    private static func startOnce(_ options: Options) async throws -> RabbitMQBroker {
        let folder = NSTemporaryDirectory() + "mqant-rabbitmq-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Reaper.shared.get().guardFolder(folder)
        let certificates = options.withTLS ? try await TestCertificates.make(in: "\(folder)/tls") : nil
        let broker = try RabbitMQBroker(options, certificates: certificates, folder: folder)
        do {
            try await broker.start()
            return broker
        } catch {
            await broker.remove()
            throw error
        }
    }

    /// Starts it again after `stop()` or `kill()`, on the same ports and data.
    package func start() async throws {
        var environment = environment
        // Makes the script become the node instead of a shell that waits for it: one pid, no `rabbitmqctl` on signals.
        environment["RABBITMQ_ALLOW_INPUT"] = "1"
        let reader = try OutputReader()
        let process = try ChildProcess(
            [RabbitMQPrograms.server, "-noinput"], environment: environment, output: reader.writeEnd)
        try Reaper.shared.get().guardSession(process.pid)
        reader.start()
        server.withLock { $0 = process }
        guard await reader.waits(for: "completed with") else {
            throw Failure(description: "rabbitmq-server ended while starting: \(reader.text.suffix(2000))")
        }
    }

    /// The pid of the Erlang node; nil: it does not run.
    package var pid: Int32? {
        server.withLock { $0.flatMap { $0.exitStatus == nil ? $0.pid : nil } }
    }

    /// An orderly end: clients are told.
    package func stop() async { await end(SIGTERM) }

    /// SIGKILL: no client is told.
    package func kill() async { await end(SIGKILL) }

    /// SIGSTOP: connections stay open and nobody answers.
    package func pause() { server.withLock { $0?.pause() } }

    package func resume() { server.withLock { $0?.signal(SIGCONT) } }

    private func end(_ number: Int32) async {
        guard let process = server.withLock({ $0.take() }) else { return }
        process.signal(SIGCONT)
        process.signal(number)
        _ = await process.waitForExit()
        try? Reaper.shared.get().forgetSession(process.pid)
    }

    /// Ends it for good and removes its folder.
    package func remove() async {
        await kill()
        epmd.signal(SIGKILL)
        _ = await epmd.waitForExit()
        try? Reaper.shared.get().forgetSession(epmd.pid)
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// Runs `rabbitmqctl` against this node and returns its output; throws when it fails.
    @discardableResult
    package func ctl(_ arguments: String...) async throws -> String {
        let reader = try OutputReader()
        let process = try ChildProcess(
            [RabbitMQPrograms.ctl, "-n", nodeName, "-q"] + arguments, environment: environment,
            output: reader.writeEnd)
        let reaper = try Reaper.shared.get()
        reaper.guardSession(process.pid)
        reader.start()
        let output = await reader.all()
        let status = await process.waitForExit()
        reaper.forgetSession(process.pid)
        guard status == 0 else {
            throw Failure(description: "rabbitmqctl \(arguments.joined(separator: " ")): \(status): \(output)")
        }
        return output
    }

    /// `virtualHost` as it stands in a URI, percent-encoded.
    package func uri(
        user: String = "guest", password: String = "guest", virtualHost: String = "", host: String = "127.0.0.1"
    ) -> String {
        "amqp://\(user):\(password)@\(host):\(port)/\(virtualHost)"
    }
}
