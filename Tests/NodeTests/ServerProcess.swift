import Foundation

/// The real `mqantserver` as a process, with all that it prints.
final class ServerProcess: Sendable {
    /// A line that was waited for did not come before the process ended.
    struct Ended: Error, CustomStringConvertible {
        var waitedFor: String
        var output: String
        var description: String { "the server ended before it printed '\(waitedFor)':\n\(output)" }
    }

    struct Result: Sendable {
        var status: Int32
        var output: String
        var errors: String
    }

    private let process: Process
    private let output = Pipe()
    private let errors = Pipe()

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
        process.standardOutput = output
        process.standardError = errors
        process.standardInput = FileHandle.nullDevice
        try process.run()
    }

    /// Reads its log until a line contains `text`.
    /// - Returns: the line.
    func line(containing text: String) async throws -> String {
        var seen = ""
        for try await line in errors.fileHandleForReading.bytes.lines {
            seen += line + "\n"
            if line.contains(text) { return line }
        }
        throw Ended(waitedFor: text, output: seen)
    }

    func signal(_ number: Int32) { kill(process.processIdentifier, number) }

    /// Waits for its end, and returns what it printed since the last `line(containing:)`.
    func result() async throws -> Result {
        async let outputData = Self.read(output)
        async let errorData = Self.read(errors)
        let (output, errors) = await (outputData, errorData)
        process.waitUntilExit()
        return Result(status: process.terminationStatus, output: output, errors: errors)
    }

    private static func read(_ pipe: Pipe) async -> String {
        String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
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
