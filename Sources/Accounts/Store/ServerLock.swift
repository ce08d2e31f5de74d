import Glibc

/// Held by the one server that uses a file of accounts, as long as its process lives: a lock (flock(2)) on a file
/// beside it.
///
/// It is not on the file itself: those that SQLite takes there are for moments, and a command such as `account add`
/// takes them while a server runs.
final class ServerLock: Sendable {
    private let descriptor: CInt

    /// Takes the lock.
    ///
    /// - Parameter patience: how long to wait for another process to end.
    /// - Throws: `AccountError` that names the other process.
    init(beside path: String, patience: Duration = .zero) throws(AccountError) {
        let lockPath = "\(path).lock"
        let descriptor = open(lockPath, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw .unusable(path, "cannot make \(lockPath): \(Self.reason(errno))") }
        let deadline = ContinuousClock.now + patience
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            let code = errno
            if code == EINTR { continue }
            if code == EWOULDBLOCK, .now < deadline {
                usleep(20_000)
                continue
            }
            let holder = Self.holder(descriptor)
            close(descriptor)
            guard code == EWOULDBLOCK else { throw .unusable(path, "cannot lock \(lockPath): \(Self.reason(code))") }
            throw .unusable(path, "another server uses this file\(holder): give each a file of its own")
        }
        self.descriptor = descriptor
        // For people; that it cannot be written does no harm.
        let text = "\(getpid())\n"
        if ftruncate(descriptor, 0) == 0 { _ = text.withCString { pwrite(descriptor, $0, strlen($0), 0) } }
    }

    /// Gives the lock up. The file stays: between its removal and another process's look at it there would be two
    /// locks.
    deinit { close(descriptor) }

    /// ` (process 123)`, if the other process has written that.
    private static func holder(_ descriptor: CInt) -> String {
        var bytes = [UInt8](repeating: 0, count: 16)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        let digits = bytes.prefix(max(0, count)).prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        return digits.isEmpty ? "" : " (process \(String(decoding: digits, as: UTF8.self)))"
    }

    private static func reason(_ code: CInt) -> String { String(cString: strerror(code)) }
}
