import Glibc

/// Where a file of accounts is: a regular file that only its owner may read, in a folder that may be written.
struct FilePlace {
    /// Without symbolic links, so that two names of one file have one lock.
    let path: String
    /// Whether the file is there.
    let exists: Bool

    /// - Throws: `AccountError` if no file of accounts can be there.
    init(_ path: String) throws(AccountError) {
        guard !path.isEmpty, !path.utf8.contains(0) else { throw .unusable(path, "this is no path of a file") }
        if let resolved = Self.resolved(path) {
            self.path = resolved
            exists = true
            var status = stat()
            guard stat(resolved, &status) == 0 else { throw .unusable(path, Self.reason(errno)) }
            guard status.st_mode & S_IFMT == S_IFREG else { throw .unusable(path, "this is no regular file") }
        } else {
            guard errno == ENOENT else { throw .unusable(path, Self.reason(errno)) }
            let parts = path.split(separator: "/", omittingEmptySubsequences: false)
            guard let name = parts.last, !name.isEmpty, name != ".." else {
                throw .unusable(path, "this is no path of a file")
            }
            let parent = parts.dropLast().joined(separator: "/")
            guard let folder = Self.resolved(parts.count == 1 ? "." : parent.isEmpty ? "/" : parent) else {
                throw .unusable(path, "its folder: \(Self.reason(errno))")
            }
            self.path = folder == "/" ? "/\(name)" : "\(folder)/\(name)"
            exists = false
        }
        try checkFolder()
    }

    /// SQLite writes a journal beside the file.
    private func checkFolder() throws(AccountError) {
        let folder = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
        guard access(folder.isEmpty ? "/" : folder, W_OK | X_OK) == 0 else {
            throw .unusable(path, "its folder cannot be written: \(Self.reason(errno))")
        }
    }

    /// Makes the file if it is not there, and has only its owner read it, and write it.
    func secure() throws(AccountError) {
        if exists {
            var status = stat()
            guard stat(path, &status) == 0 else { throw .unusable(path, Self.reason(errno)) }
            guard status.st_mode & 0o077 != 0 else { return }
            guard chmod(path, 0o600) == 0 else {
                throw .unusable(path, "others may read it, and this user may not change that: \(Self.reason(errno))")
            }
        } else {
            let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
            guard descriptor >= 0 else { throw .unusable(path, Self.reason(errno)) }
            close(descriptor)
        }
    }

    private static func resolved(_ path: String) -> String? {
        guard let pointer = realpath(path, nil) else { return nil }
        defer { free(pointer) }
        return String(validatingCString: pointer)
    }

    private static func reason(_ code: CInt) -> String { String(cString: strerror(code)) }
}
