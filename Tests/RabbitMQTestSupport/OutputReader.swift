import Foundation
import Glibc
import Synchronization

/// Reads a child's output to its end on a thread of its own, and tells when a text has come.
package final class OutputReader: Sendable {
    private struct State {
        var text = ""
        var isAtEnd = false
        var watches: [(String, CheckedContinuation<Bool, Never>)] = []
    }

    /// For the child; closed here once it has been started.
    package let writeEnd: Int32
    private let readEnd: Int32
    private let state = Mutex(State())

    package init() throws {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw ChildProcess.SpawnError(description: "no pipe") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        (readEnd, writeEnd) = (ends[0], ends[1])
    }

    /// After the child was started.
    package func start() {
        close(writeEnd)
        Thread.detachNewThread { self.run() }
    }

    private func run() {
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = read(readEnd, &chunk, chunk.count)
            if count < 0 && errno == EINTR { continue }
            if count <= 0 { break }
            let text = String(decoding: chunk[..<count], as: UTF8.self)
            let found = state.withLock { state in
                state.text += text
                let now = state.text
                let found = state.watches.filter { now.contains($0.0) }
                state.watches.removeAll { now.contains($0.0) }
                return found
            }
            for (_, continuation) in found { continuation.resume(returning: true) }
        }
        close(readEnd)
        let left = state.withLock { state in
            state.isAtEnd = true
            defer { state.watches = [] }
            return state.watches
        }
        for (_, continuation) in left { continuation.resume(returning: false) }
    }

    /// False: the output ended without it.
    package func waits(for text: String) async -> Bool {
        await withCheckedContinuation { continuation in
            let answer: Bool? = state.withLock { state in
                if state.text.contains(text) { return true }
                if state.isAtEnd { return false }
                state.watches.append((text, continuation))
                return nil
            }
            if let answer { continuation.resume(returning: answer) }
        }
    }

    /// Everything, once the output has ended.
    package func all() async -> String {
        _ = await waits(for: "\u{0}never\u{0}")
        return text
    }

    package var text: String { state.withLock { $0.text } }
}
