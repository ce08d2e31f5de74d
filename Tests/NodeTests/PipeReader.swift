import Foundation
import Glibc

/// Reads a pipe as lines, without blocking a thread of the tests' own.
actor PipeReader {
    /// The pipe ended before the line came that was waited for.
    struct Ended: Error, CustomStringConvertible {
        var waitedFor: String
        var output: String
        var description: String { "the server ended before it printed '\(waitedFor)':\n\(output)" }
    }

    private let chunks: AsyncStream<[UInt8]>
    private var text = ""
    private var read: [UInt8] = []

    /// - Parameter descriptor: the reading end; closed at the pipe's end.
    init(_ descriptor: Int32) {
        let (chunks, continuation) = AsyncStream<[UInt8]>.makeStream()
        self.chunks = chunks
        // A thread of its own: it blocks in `read`, and ends with the process at the other end.
        Thread.detachNewThread {
            var buffer = [UInt8](repeating: 0, count: 65_536)
            while true {
                let count = Glibc.read(descriptor, &buffer, buffer.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { break }
                continuation.yield(Array(buffer.prefix(count)))
            }
            close(descriptor)
            continuation.finish()
        }
    }

    /// Reads on until a line contains `wanted`.
    func line(containing wanted: String) async throws -> String {
        while true {
            while let end = text.firstIndex(of: "\n") {
                let line = String(text[..<end])
                text = String(text[text.index(after: end)...])
                if line.contains(wanted) { return line }
            }
            guard await more() else { throw Ended(waitedFor: wanted, output: String(decoding: read, as: UTF8.self)) }
        }
    }

    /// Reads to the end.
    /// - Returns: everything since the beginning.
    func all() async -> [UInt8] {
        while await more() {}
        return read
    }

    private func more() async -> Bool {
        guard let data = await chunks.first(where: { _ in true }) else { return false }
        text += String(decoding: data, as: UTF8.self)
        read += data
        return true
    }
}
