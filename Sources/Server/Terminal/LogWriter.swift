import Dispatch
import Glibc
import NIOPosix
import Synchronization

/// Writes lines to a descriptor, on a thread of its own: nobody waits for whoever reads them.
///
/// Lines that find no room, and those that cannot be written (a full disk), are dropped and counted; a line that says
/// how many comes in their place as soon as one can be written.
package final class LogWriter: Sendable {
    private struct State {
        /// Whole lines.
        var pending: [UInt8] = []
        /// Bytes that the thread is about to write.
        var inHand = 0
        /// Lines that came after `pending` and found no room.
        var dropped = 0
        /// Lines that are gone, and that no notice has told of.
        var lost = 0
        /// Whether the last write ended within a line.
        var isWithinLine = false
        var isWriting = false
        var waiters: [DispatchSemaphore] = []
    }

    /// Standard error. What waits is written before the process exits, unless that takes more than a second.
    package static let standardError: LogWriter = {
        atexit { _ = LogWriter.standardError.flush(within: .seconds(1)) }
        return LogWriter(STDERR_FILENO)
    }()

    private let descriptor: Int32
    private let limit: Int
    private let notice: @Sendable (Int) -> String
    /// One thread, which is there from the start.
    private let thread = NIOThreadPool(numberOfThreads: 1)
    private let state = Mutex(State())

    /// - Parameters:
    ///   - descriptor: stays open while the writer is in use.
    ///   - limit: bytes that may wait.
    ///   - notice: the line that tells of dropped ones.
    package init(
        _ descriptor: Int32, limit: Int = 1 << 20,
        notice: @escaping @Sendable (Int) -> String = TerminalLogHandler.droppedLines
    ) {
        self.descriptor = descriptor
        self.limit = limit
        self.notice = notice
        thread.start()
    }

    /// Takes lines, the line feed of the last included, and returns at once. They are written together or not at all.
    package func write(_ lines: String) {
        let begins = state.withLock { state in
            // Once a line is dropped, the next ones are too until the thread has seen it: the notice comes in their
            // place.
            if state.dropped == 0, state.pending.count + state.inHand + lines.utf8.count <= limit {
                state.pending += lines.utf8
            } else {
                state.dropped += lines.utf8.count { $0 == Self.lineFeed }
            }
            defer { state.isWriting = true }
            return !state.isWriting
        }
        if begins { thread.submit { _ in self.writeAll() } }
    }

    /// Waits until all is written or dropped. Blocks the thread.
    /// - Returns: false if that took too long.
    package func flush(within bound: Duration) -> Bool {
        let done = DispatchSemaphore(value: 0)
        let isIdle = state.withLock { state in
            if state.isWriting { state.waiters.append(done) }
            return !state.isWriting
        }
        return isIdle || done.wait(timeout: .now() + .milliseconds(Int(bound / .milliseconds(1)))) == .success
    }

    /// Ends the thread. Nothing is written afterwards.
    package func close() async throws { try await thread.shutdownGracefully() }

    /// Writes until there is nothing left. On the thread only, as all below.
    private func writeAll() {
        while let (lines, dropped) = next() {
            tellOfLostLines()
            let unwritten = put(lines)
            state.withLock { $0.lost += unwritten + dropped }
            if unwritten == 0 { tellOfLostLines() }
        }
    }

    /// What waits, and how many lines found no room behind it; nil: there is nothing to do.
    private func next() -> (lines: [UInt8], dropped: Int)? {
        let (work, waiters) = state.withLock { state -> ((lines: [UInt8], dropped: Int)?, [DispatchSemaphore]) in
            guard !state.pending.isEmpty || state.dropped > 0 else {
                defer { state.waiters = [] }
                (state.inHand, state.isWriting) = (0, false)
                return (nil, state.waiters)
            }
            defer { (state.pending, state.dropped) = ([], 0) }
            state.inHand = state.pending.count
            return ((state.pending, state.dropped), [])
        }
        for waiter in waiters { waiter.signal() }
        return work
    }

    private func tellOfLostLines() {
        let lost = state.withLock { $0.lost }
        guard lost > 0, put(Array(notice(lost).utf8)) == 0 else { return }
        state.withLock { $0.lost -= lost }
    }

    /// Writes lines. A few at a time: a pipe takes no more in one piece, unmixed with what other processes write there
    /// (PIPE_BUF).
    /// - Returns: how many could not be written.
    private func put(_ lines: [UInt8]) -> Int {
        var rest = lines[...]
        while !rest.isEmpty {
            let end = rest.prefix(4096).lastIndex(of: Self.lineFeed) ?? rest.firstIndex(of: Self.lineFeed)
            var piece = Array(rest[...(end ?? rest.endIndex - 1)])
            let size = piece.count
            let isWithinLine = state.withLock { $0.isWithinLine }
            if isWithinLine { piece.insert(Self.lineFeed, at: 0) }
            let written = put(piece: piece)
            if written > 0 {
                state.withLock { $0.isWithinLine = piece[written - 1] != Self.lineFeed }
            }
            guard written == piece.count else {
                rest = rest.dropFirst(max(0, written - (piece.count - size)))
                return rest.count { $0 == Self.lineFeed }
            }
            rest = rest.dropFirst(size)
        }
        return 0
    }

    /// Writes bytes, and waits as long as that takes.
    /// - Returns: how many; fewer than all if it is impossible.
    private func put(piece: [UInt8]) -> Int {
        var written = 0
        while written < piece.count {
            let count = piece[written...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                written += count
            } else if count < 0, errno == EAGAIN {
                // Who shares the pipe made it non-blocking.
                var output = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = poll(&output, 1, -1)
            } else if count == 0 || errno != EINTR {
                break
            }
        }
        return written
    }

    private static let lineFeed = UInt8(ascii: "\n")
}
