import Foundation
package import Glibc
import Synchronization

/// A child in a session of its own, so that signals reach it and its children alone.
package final class ChildProcess: Sendable {
    package struct SpawnError: Error, CustomStringConvertible {
        package let description: String
    }

    package let pid: Int32
    private let status = Mutex<Int32?>(nil)
    private let exited = Condition()

    /// `input`, `output`: descriptors for 0 and for 1 and 2; nil: /dev/null.
    package init(
        _ arguments: [String], environment: [String: String], input: Int32? = nil, output: Int32? = nil
    ) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        Self.redirect(&actions, 0, input, O_RDONLY)
        Self.redirect(&actions, 1, output, O_WRONLY)
        Self.redirect(&actions, 2, output, O_WRONLY)
        Self.closeOthers(&actions)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var defaults = sigset_t()
        sigfillset(&defaults)
        posix_spawnattr_setsigdefault(&attributes, &defaults)
        var nothing = sigset_t()
        sigemptyset(&nothing)
        posix_spawnattr_setsigmask(&attributes, &nothing)
        // POSIX_SPAWN_SETSID is 0x80 in glibc; its macro needs _GNU_SOURCE.
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | 0x80))

        var argv: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        var envp: [UnsafeMutablePointer<CChar>?] = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for pointer in argv + envp { free(pointer) } }
        var child = pid_t()
        let result = posix_spawnp(&child, arguments.first ?? "", &actions, &attributes, &argv, &envp)
        guard result == 0 else {
            throw SpawnError(description: "\(arguments.first ?? ""): \(String(cString: strerror(result)))")
        }
        pid = child
        Thread.detachNewThread { self.reap() }
    }

    /// Has a child get 0, 1 and 2 alone: a socket that it had as well would not end when its owner closes it.
    package static func closeOthers(_ actions: inout posix_spawn_file_actions_t) {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? [] {
            if let descriptor = Int32(name), descriptor > 2 { posix_spawn_file_actions_addclose(&actions, descriptor) }
        }
    }

    private static func redirect(
        _ actions: inout posix_spawn_file_actions_t, _ target: Int32, _ source: Int32?, _ mode: Int32
    ) {
        if let source {
            posix_spawn_file_actions_adddup2(&actions, source, target)
        } else {
            posix_spawn_file_actions_addopen(&actions, target, "/dev/null", mode, 0)
        }
    }

    private func reap() {
        var raw: Int32 = 0
        while waitpid(pid, &raw, 0) < 0 && errno == EINTR {}
        let code = raw & 0x7f == 0 ? (raw >> 8) & 0xff : 128 + (raw & 0x7f)
        status.withLock { $0 = code }
        exited.open()
    }

    /// The exit status as a shell tells it; nil while it runs.
    package var exitStatus: Int32? { status.withLock { $0 } }

    /// To the child alone, if it still runs.
    package func signal(_ number: Int32) {
        status.withLock { if $0 == nil { kill(pid, number) } }
    }

    /// Stops the child, if it still runs. On the return none of its threads runs any more: the signal alone only asks for that.
    package func pause() {
        status.withLock { status in
            guard status == nil, kill(pid, SIGSTOP) == 0 else { return }
            var info = siginfo_t()
            // What is found is left to `reap`.
            while waitid(P_PID, id_t(pid), &info, WSTOPPED | WEXITED | WNOWAIT) < 0 && errno == EINTR {}
        }
    }

    package func waitForExit() async -> Int32 {
        await exited.wait()
        return exitStatus ?? -1
    }
}
