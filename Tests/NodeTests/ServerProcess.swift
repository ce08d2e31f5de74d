import Foundation

/// The real `mqantserver` as a process, with all that it prints.
final class ServerProcess: Sendable {
    /// Its status, and what it printed.
    struct Result: Sendable {
        var status: Int32
        var output: String
        var errors: String
    }

    private let process: Process
    private let output: PipeReader
    private let errors: PipeReader
    private let status: AsyncStream<Int32>

    /// The binary lies beside the tests' own.
    static var binary: URL {
        URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
            .appendingPathComponent("mqantserver")
    }

    /// The repository, where `conf` and `clients` lie.
    static var repository: URL {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    }

    init(_ arguments: [String], environment: [String: String] = [:]) throws {
        process = Process()
        process.executableURL = Self.binary
        process.currentDirectoryURL = Self.repository
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let (outputPipe, errorPipe) = (Pipe(), Pipe())
        process.standardOutput = outputPipe
        process.standardError = errorPipe
        process.standardInput = FileHandle.nullDevice
        let (status, continuation) = AsyncStream<Int32>.makeStream()
        self.status = status
        process.terminationHandler = { process in
            continuation.yield(process.terminationStatus)
            continuation.finish()
        }
        output = PipeReader(outputPipe)
        errors = PipeReader(errorPipe)
        try process.run()
    }

    /// Reads its log until a line contains `text`.
    /// - Returns: the line.
    @discardableResult
    func line(containing text: String) async throws -> String {
        try await errors.line(containing: text)
    }

    func signal(_ number: Int32) { kill(process.processIdentifier, number) }

    /// Waits for its end, and returns all that it printed.
    func result() async throws -> Result {
        let output = await output.all()
        let errors = await errors.all()
        let status = await status.first { _ in true }
        return Result(status: status ?? -1, output: output, errors: errors)
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
