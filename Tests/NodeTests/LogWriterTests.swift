import Foundation
import Glibc
import Logging
import Testing

@testable import MqantServer

@Suite("The log's writer", .timeLimit(.minutes(1)))
struct LogWriterTests {
    /// A pipe with a writer at one end, for the length of `body`.
    private func withPipe(limit: Int = 1 << 20, _ body: (LogWriter, Pipe) async throws -> Void) async throws {
        let pipe = Pipe()
        let writer = LogWriter(pipe.writer, limit: limit) { "\($0) dropped\n" }
        let result: Result<Void, any Error>
        do { result = .success(try await body(writer, pipe)) } catch { result = .failure(error) }
        // Whatever still waits is written, and its thread ends.
        pipe.drainOnAThread()
        try await writer.close()
        close(pipe.writer)
        try result.get()
    }

    /// Both ends of a pipe that holds one page.
    private struct Pipe {
        let reader: Int32
        let writer: Int32

        init() {
            var ends: [Int32] = [0, 0]
            _ = pipe(&ends)
            for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
            (reader, writer) = (ends[0], ends[1])
            // F_SETPIPE_SZ, which Swift's Glibc does not have.
            _ = fcntl(writer, 1031, 4096)
        }

        /// Reads until the text ends like this, or the pipe ends.
        func read(until end: String) -> String {
            var text: [UInt8] = []
            var chunk = [UInt8](repeating: 0, count: 65_536)
            while !String(decoding: text, as: UTF8.self).hasSuffix(end) {
                let count = Glibc.read(reader, &chunk, chunk.count)
                guard count > 0 else { break }
                text += chunk.prefix(count)
            }
            return String(decoding: text, as: UTF8.self)
        }

        func drainOnAThread() {
            let reader = reader
            Thread.detachNewThread {
                var chunk = [UInt8](repeating: 0, count: 65_536)
                while Glibc.read(reader, &chunk, chunk.count) > 0 {}
                close(reader)
            }
        }
    }

    @Test("lines come at once, whole and in their order")
    func order() async throws {
        try await withPipe { writer, pipe in
            for index in 0..<100 {
                writer.write("line \(index)\n")
                #expect(pipe.read(until: "\n") == "line \(index)\n")
            }
            let long = String(repeating: "x", count: 10_000) + "\n"
            writer.write("a\n" + long + "b\n")
            #expect(pipe.read(until: "b\n") == "a\n" + long + "b\n")
            #expect(writer.flush(within: .seconds(10)))
        }
    }

    @Test("a reader that stalls is waited for by nobody; what finds no room is dropped and counted")
    func stalledReader() async throws {
        try await withPipe(limit: 100_000) { writer, pipe in
            let padding = String(repeating: ".", count: 100)
            let began = ContinuousClock.now
            for index in 0..<10_000 { writer.write("\(index) \(padding)\n") }
            #expect(!writer.flush(within: .milliseconds(50)))
            #expect(ContinuousClock.now - began < .seconds(10))
            // Every line is there, or counted where it is missing.
            var accounted = 0
            while accounted < 10_000 {
                let lines = pipe.read(until: " dropped\n").split(separator: "\n")
                try #require(!lines.isEmpty)
                for line in lines {
                    if line.hasSuffix(" dropped") {
                        accounted += line.split(separator: " ").first.flatMap { Int($0) } ?? 0
                    } else {
                        #expect(line == "\(accounted) \(padding)")
                        accounted += 1
                    }
                }
            }
            #expect(accounted == 10_000)
            writer.write("after\n")
            #expect(pipe.read(until: "\n") == "after\n")
            #expect(writer.flush(within: .seconds(10)))
        }
    }

    @Test("a line for which there is never room is dropped alone")
    func tooLong() async throws {
        try await withPipe(limit: 10) { writer, pipe in
            writer.write("0123456789\n")
            #expect(pipe.read(until: "\n") == "1 dropped\n")
            #expect(writer.flush(within: .seconds(10)))
            writer.write("after\n")
            #expect(pipe.read(until: "\n") == "after\n")
        }
    }

    @Test("a full disk is nobody's affair; once there is room, a line says how many were lost")
    func fullDisk() async throws {
        try await withPipe { writer, pipe in
            let pipeEnd = dup(pipe.writer)
            let full = open("/dev/full", O_WRONLY | O_CLOEXEC)
            dup2(full, pipe.writer)
            close(full)
            for index in 0..<10 {
                writer.write("lost \(index)\n")
                #expect(writer.flush(within: .seconds(10)))
            }
            dup2(pipeEnd, pipe.writer)
            close(pipeEnd)
            writer.write("written\n")
            #expect(pipe.read(until: "written\n") == "10 dropped\nwritten\n")
        }
    }

    @Test("names that users choose forge no line of the log")
    func handler() async throws {
        try await withPipe { writer, pipe in
            var logger = Logger(label: "test") { _ in TerminalLogHandler(level: .info, writer: writer) }
            logger[metadataKey: "id"] = "gate-1"
            logger.info("hello\nERROR forged", metadata: ["user": "a\nERROR forged", "room": "\u{1b}[31m \u{202e}"])
            logger.info("end")
            let lines = pipe.read(until: "end id=gate-1\n").split(separator: "\n")
            #expect(lines.count == 2)
            #expect(
                lines.first?.hasSuffix(
                    #" INFO  hello\nERROR forged id=gate-1 room="\u{1b}[31m \u{202e}" user="a\nERROR forged""#) == true,
                "\(lines)")
        }
    }

    @Test("the line that tells of lines that were dropped")
    func notice() {
        #expect(TerminalLogHandler.droppedLines(1).hasSuffix(" WARN  a line of the log was dropped\n"))
        #expect(TerminalLogHandler.droppedLines(12).hasSuffix(" WARN  12 lines of the log were dropped\n"))
    }
}
