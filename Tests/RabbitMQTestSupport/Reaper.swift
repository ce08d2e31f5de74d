import Foundation
import Glibc
import Synchronization

/// Sees to it that nothing outlives the tests: a shell that holds the read end of a pipe and, when its write end is
/// gone because this process has ended in whatever way, kills the sessions it was told of and removes their folders.
package final class Reaper: Sendable {
    package static let shared = Result { try Reaper() }

    private let input: Int32
    private let process: ChildProcess

    private static let script = """
        trap '' HUP INT TERM
        sessions=; folders=
        while read -r verb value; do
            case $verb in
            session) sessions="$sessions $value" ;;
            folder) folders="$folders $value" ;;
            forget) kept=; for s in $sessions; do [ "$s" = "$value" ] || kept="$kept $s"; done; sessions=$kept ;;
            esac
        done
        for s in $sessions; do kill -KILL "$s" "-$s" 2>/dev/null; done
        for f in $folders; do
            n=0
            while ! rm -rf "$f" 2>/dev/null && [ $n -lt 50 ]; do n=$((n + 1)); sleep 0.1; done
        done
        """

    private init() throws {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw ChildProcess.SpawnError(description: "no pipe") }
        // Neither end may leak into the brokers, or the write end would never be gone.
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        input = ends[1]
        process = try ChildProcess(
            ["/bin/sh", "-c", Self.script], environment: ["PATH": "/usr/bin:/bin"], input: ends[0])
        close(ends[0])
    }

    /// A process started in a session of its own, and whatever is in its group.
    package func guardSession(_ pid: Int32) { tell("session \(pid)") }

    /// It has ended: its number may go to somebody else.
    package func forgetSession(_ pid: Int32) { tell("forget \(pid)") }

    /// To be removed in the end. Its path must not hold blanks.
    package func guardFolder(_ path: String) { tell("folder \(path)") }

    private func tell(_ line: String) {
        let bytes = Array("\(line)\n".utf8)
        // Shorter than PIPE_BUF: written whole or not at all.
        _ = write(input, bytes, bytes.count)
    }
}
