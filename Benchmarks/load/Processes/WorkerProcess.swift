import Glibc

/// One of the processes that make the load: this program, started once more.
final class WorkerProcess {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private let id: pid_t
    private let toWorker: Int32
    private let fromWorker: Int32
    private var reader: LineReader

    /// - Parameter arguments: those of this program, the name left out.
    init(_ number: Int, arguments: [String]) throws(Failure) {
        let (input, output) = (try Self.pipe(), try Self.pipe())
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, input.read, 0)
        posix_spawn_file_actions_adddup2(&actions, output.write, 1)
        var words = (["mqantload"] + arguments + ["--worker", "\(number)"]).map { strdup($0) }
        defer { words.forEach { free($0) } }
        words.append(nil)
        var id: pid_t = 0
        let result = posix_spawn(&id, "/proc/self/exe", &actions, nil, words, environ)
        close(input.read)
        close(output.write)
        guard result == 0 else {
            throw Failure(description: "cannot start a process: \(String(cString: strerror(result)))")
        }
        self.id = id
        (toWorker, fromWorker) = (input.write, output.read)
        reader = LineReader(fromWorker)
    }

    deinit {
        // The end of its input ends the worker.
        close(toWorker)
        close(fromWorker)
        var status: Int32 = 0
        waitpid(id, &status, 0)
    }

    func nextLine() -> String? { reader.next() }

    func tell(_ line: String) {
        let bytes = Array("\(line)\n".utf8)
        _ = write(toWorker, bytes, bytes.count)
    }

    private static func pipe() throws(Failure) -> (read: Int32, write: Int32) {
        var ends: [Int32] = [0, 0]
        // Not for the other processes: an end that one of them kept would never be seen to close.
        guard Glibc.pipe(&ends) == 0 else {
            throw Failure(description: "cannot make a pipe: \(String(cString: strerror(errno)))")
        }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (ends[0], ends[1])
    }
}
