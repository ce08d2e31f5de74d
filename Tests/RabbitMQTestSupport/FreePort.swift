import Glibc

/// A TCP port that nobody listens on at this moment, given out by the kernel.
package enum FreePort {
    package static func find(address: String = "127.0.0.1") throws -> UInt16 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw ChildProcess.SpawnError(description: "no socket") }
        defer { close(descriptor) }
        var place = sockaddr_in()
        place.sin_family = sa_family_t(AF_INET)
        inet_pton(AF_INET, address, &place.sin_addr)
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &place) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, size) == 0 && getsockname(descriptor, $0, &size) == 0
            }
        }
        guard status else { throw ChildProcess.SpawnError(description: "no free port at \(address)") }
        return UInt16(bigEndian: place.sin_port)
    }
}
