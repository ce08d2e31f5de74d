import Foundation
import Glibc
import MqantRabbitMQTestSupport
import Synchronization

/// The real `mqantserver` as a process, with all that it prints.
final class ServerProcess: Sendable {
    /// Its status, and what it printed.
    struct Result: Sendable {
        var status: Int32
        /// Its standard output, as it came.
        var bytes: [UInt8]
        var errors: String

        var output: String { String(decoding: bytes, as: UTF8.self) }
    }

    private let processID: pid_t
    private let output: PipeReader
    private let errors: PipeReader

    /// The binary lies beside the tests' own.
    static var binary: URL {
        URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
            .appendingPathComponent("mqantserver")
    }

    /// Starts it. By `posix_spawn` and pipes that no other child inherits: tests start several at once, and a pipe
    /// ends only when its last writer has gone.
    init(_ arguments: [String], environment: [String: String] = [:]) throws {
        (processID, output, errors) = try Self.spawning.withLock { _ in try Self.spawn(arguments, environment) }
    }

    /// Held from the making of a pipe until it is marked as not to be inherited.
    private static let spawning = Mutex(())

    private static func spawn(
        _ arguments: [String], _ environment: [String: String]
    ) throws -> (pid_t, PipeReader, PipeReader) {
        let (outputReader, outputWriter) = try Self.pipe()
        let (errorReader, errorWriter) = try Self.pipe()
        defer {
            close(outputWriter)
            close(errorWriter)
        }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, outputWriter, STDOUT_FILENO)
        posix_spawn_file_actions_adddup2(&actions, errorWriter, STDERR_FILENO)
        ChildProcess.closeOthers(&actions)
        let environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        var argumentPointers = ([Self.binary.path] + arguments).map { strdup($0) } + [nil]
        var environmentPointers = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for pointer in argumentPointers + environmentPointers { free(pointer) } }
        var processID = pid_t()
        let failure = posix_spawn(
            &processID, Self.binary.path, &actions, nil, &argumentPointers, &environmentPointers)
        guard failure == 0 else { throw POSIXError(POSIXErrorCode(rawValue: failure) ?? .EIO) }
        return (processID, PipeReader(outputReader), PipeReader(errorReader))
    }

    private static func pipe() throws -> (reader: Int32, writer: Int32) {
        var ends: [Int32] = [0, 0]
        guard Glibc.pipe(&ends) == 0 else { throw POSIXError(.EMFILE) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (ends[0], ends[1])
    }

    /// Reads its log until a line contains `text`.
    /// - Returns: the line.
    @discardableResult
    func line(containing text: String) async throws -> String {
        try await errors.line(containing: text)
    }

    func signal(_ number: Int32) { kill(processID, number) }

    /// Stops it by SIGSTOP, and returns when it has stopped: on a busy machine that is a while after the signal.
    func stop() async throws {
        signal(SIGSTOP)
        for _ in 0..<5000 {
            // The state stands behind the name, which is in parentheses (proc(5)).
            let stat = try String(contentsOfFile: "/proc/\(processID)/stat", encoding: .utf8)
            if stat.contains(") T ") { return }
            // Only a parent that waits for stopped children is told, and another thread waits for this one's end.
            try await Task.sleep(for: .milliseconds(2))
        }
        throw POSIXError(.ETIMEDOUT)
    }

    /// Waits for its end, and returns all that it printed.
    func result() async throws -> Result {
        let bytes = await output.all()
        let errors = String(decoding: await errors.all(), as: UTF8.self)
        // Both pipes have ended, so the process is at its end too.
        var status: Int32 = 0
        waitpid(processID, &status, 0)
        return Result(
            status: status & 0x7f == 0 ? (status >> 8) & 0xff : -(status & 0x7f), bytes: bytes, errors: errors)
    }

    /// Writes a configuration to a file of its own for the length of `body`.
    static func withConfiguration<Value>(
        _ text: String, _ body: (String) async throws -> Value
    ) async throws -> Value {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("mqant-\(UUID().uuidString).conf")
        try text.write(to: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: file) }
        return try await body(file.path)
    }
}
