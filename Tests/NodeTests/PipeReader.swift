import Foundation

/// Reads a pipe as lines, without blocking a thread of the tests' own.
actor PipeReader {
    /// The pipe ended before the line came that was waited for.
    struct Ended: Error, CustomStringConvertible {
        var waitedFor: String
        var output: String
        var description: String { "the server ended before it printed '\(waitedFor)':\n\(output)" }
    }

    private let handle: FileHandle
    private let chunks: AsyncStream<Data>
    private var text = ""
    private var read = ""

    /// - Parameter descriptor: the reading end; closed with the reader.
    init(_ descriptor: Int32) {
        handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        let (chunks, continuation) = AsyncStream<Data>.makeStream()
        self.chunks = chunks
        handle.readabilityHandler = { handle in
            let data = handle.availableData
            if data.isEmpty {
                handle.readabilityHandler = nil
                continuation.finish()
            } else {
                continuation.yield(data)
            }
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
            guard await more() else { throw Ended(waitedFor: wanted, output: read) }
        }
    }

    /// Reads to the end.
    /// - Returns: everything since the beginning.
    func all() async -> String {
        while await more() {}
        return read
    }

    private func more() async -> Bool {
        guard let data = await chunks.first(where: { _ in true }) else { return false }
        let new = String(decoding: data, as: UTF8.self)
        text += new
        read += new
        return true
    }
}
