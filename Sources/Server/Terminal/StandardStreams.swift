import ArgumentParser
import Glibc
import Mqant

/// Standard input, output and error, as whoever starts the program gives them: open, full, or closed.
package enum StandardStreams {
    /// Puts something in the place of those that are closed (`>&-`). Else the next socket that is opened gets the number,
    /// and a client or the broker what is meant for a terminal. To use them still fails, but for standard error, whose
    /// lines are lost.
    static func fillGaps() {
        let modes = [(STDIN_FILENO, O_WRONLY), (STDOUT_FILENO, O_RDONLY), (STDERR_FILENO, O_WRONLY)]
        for (descriptor, mode) in modes where fcntl(descriptor, F_GETFD) == -1 {
            // Gets the lowest number that is free: in this order, the descriptor's.
            _ = open("/dev/null", mode)
        }
    }

    /// Has the program outlive whoever reads its log, as in `mqantserver 2>&1 | head`: further lines are lost, and no client
    /// hears of it.
    static func outliveReaders() { signal(SIGPIPE, SIG_IGN) }

    /// Writes a line, or several, to standard output.
    /// - Parameter failure: the status with which the program ends if that is impossible.
    /// - Throws: `ExitCode`, after a line that says why.
    package static func print(_ text: String, failure: Int32 = 1) throws {
        var text = text + "\n"
        try text.withUTF8 { try write(UnsafeRawBufferPointer($0), failure: failure) }
    }

    /// Writes bytes to standard output, all of them, after what was written to standard error before.
    /// - Parameter failure: the status with which the program ends if that is impossible.
    /// - Throws: `ExitCode`, after a line that says why.
    static func write(_ bytes: UnsafeRawBufferPointer, failure: Int32) throws {
        _ = LogWriter.standardError.flush(within: .seconds(1))
        var rest = bytes[...]
        while !rest.isEmpty {
            let chunk = UnsafeRawBufferPointer(rebasing: rest)
            let written = Glibc.write(STDOUT_FILENO, chunk.baseAddress, chunk.count)
            if written > 0 {
                rest = rest.dropFirst(written)
            } else if written < 0, errno == EAGAIN {
                // Who shares the pipe made it non-blocking.
                var output = pollfd(fd: STDOUT_FILENO, events: Int16(POLLOUT), revents: 0)
                _ = poll(&output, 1, -1)
            } else if written == 0 || errno != EINTR {
                complain("cannot write to standard output: \(String(cString: strerror(errno)))")
                throw ExitCode(failure)
            }
        }
    }
}
