private import FoundationEssentials
private import Glibc

extension ServerConfiguration {
    /// Reads a file.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - environment: What `${NAME}` stands for; nil means the environment of this process.
    ///   - checks: By module type, the check of its `Settings`. Those of other types are not looked at.
    /// - Throws: Everything that is wrong, at once; for a file that cannot be read, that one fault.
    public static func load(
        path: String, environment: [String: String]? = nil, checks: [String: SettingsCheck] = [:]
    ) throws(ConfigurationError) -> Self {
        try Self(
            bytes: contents(of: path), file: path, environment: environment ?? ProcessInfo.processInfo.environment,
            checks: checks)
    }

    /// The bytes of a file, a few more than the maximum at most, so that a pipe or a device ends too.
    private static func contents(of path: String) throws(ConfigurationError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw unreadable(path, errno) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while bytes.count <= ConfigurationSource.maximumSize {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw unreadable(path, errno) }
            guard count > 0 else { break }
            bytes += chunk.prefix(count)
        }
        return bytes
    }

    private static func unreadable(_ path: String, _ code: Int32) -> ConfigurationError {
        let message =
            switch code {
            case ENOENT, ENOTDIR: "there is no such file; name the configuration with --conf FILE"
            case EACCES, EPERM: "this user may not read the file; change its permissions, or run as its owner"
            case EISDIR: "this is a folder; name the file in it with --conf FILE"
            default: "the file cannot be read: \(String(cString: strerror(code)))"
            }
        return ConfigurationError(.init(file: path.isEmpty ? "\"\"" : path, message: message))
    }
}
