import Glibc
import MqantServer

/// Writes the files of a package into a folder that is not there yet, or empty: all, or none.
struct PackageWriter {
    /// The package's folder.
    let path: String

    /// - Throws: `NewError`; what had been written until then is removed.
    func write(_ files: [PackageTemplate.File]) throws(NewError) {
        var made: [String] = []
        do {
            try makeRoot(&made)
            for file in files {
                try makeFolders(of: file.path, &made)
                try make(file, &made)
            }
        } catch {
            for path in made.reversed() { _ = remove(path) }
            throw error
        }
    }

    private func makeRoot(_ made: inout [String]) throws(NewError) {
        if mkdir(path, 0o777) == 0 {
            made.append(path)
        } else if errno != EEXIST {
            throw failure("make", path)
        } else if !isEmptyFolder {
            throw NewError("\(TerminalText.line(path)) is there already, and not empty: nothing was written")
        }
    }

    private var isEmptyFolder: Bool {
        guard let folder = opendir(path) else { return false }
        defer { closedir(folder) }
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in bytes.prefix { $0 != 0 }.map(\.self) }
            guard name == [0x2e] || name == [0x2e, 0x2e] else { return false }
        }
        return true
    }

    private func makeFolders(of file: String, _ made: inout [String]) throws(NewError) {
        var folder = path
        for part in file.split(separator: "/").dropLast() {
            folder += "/\(part)"
            guard !made.contains(folder) else { continue }
            guard mkdir(folder, 0o777) == 0 else { throw failure("make", folder) }
            made.append(folder)
        }
    }

    private func make(_ file: PackageTemplate.File, _ made: inout [String]) throws(NewError) {
        let path = "\(path)/\(file.path)"
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw failure("make", path) }
        made.append(path)
        var rest = Array(file.text.utf8)[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if written > 0 {
                rest = rest.dropFirst(written)
            } else if written == 0 || errno != EINTR {
                let failure = failure("write", path)
                close(descriptor)
                throw failure
            }
        }
        // Some file systems tell only here that there was no room.
        guard close(descriptor) == 0 else { throw failure("write", path) }
    }

    private func failure(_ action: String, _ path: String) -> NewError {
        NewError("cannot \(action) \(TerminalText.line(path)): \(String(cString: strerror(errno)))")
    }
}
