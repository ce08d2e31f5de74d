import Glibc

/// A TCP port that nobody listens on at this moment, given out by the kernel.
package enum FreePort {
    /// Returns once somebody listens there; throws after ten seconds. Blocks.
    package static func waitForListener(_ port: UInt16, address: String = "127.0.0.1") throws {
        for _ in 0..<1000 {
            let descriptor = socket(AF_INET, closedOnExec, 0)
            defer { close(descriptor) }
            if withAddress(address, port, { connect(descriptor, $0, $1) }) == 0 { return }
            poll(nil, 0, 10)
        }
        throw ChildProcess.SpawnError(description: "nobody listens at \(address):\(port)")
    }

    /// A socket that children do not inherit. SOCK_CLOEXEC is not in Swift's Glibc as a number.
    private static let closedOnExec = Int32(SOCK_STREAM.rawValue) | 0o2_000_000

    private static func withAddress<Result>(
        _ address: String, _ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        var place = sockaddr_in()
        place.sin_family = sa_family_t(AF_INET)
        place.sin_port = port.bigEndian
        inet_pton(AF_INET, address, &place.sin_addr)
        return withUnsafePointer(to: &place) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    package static func find(address: String = "127.0.0.1") throws -> UInt16 {
        let descriptor = socket(AF_INET, closedOnExec, 0)
        defer { close(descriptor) }
        var place = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withAddress(address, 0, { bind(descriptor, $0, $1) }) == 0
        let isKnown = withUnsafeMutablePointer(to: &place) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) == 0 }
        }
        guard isBound, isKnown else { throw ChildProcess.SpawnError(description: "no free port at \(address)") }
        return UInt16(bigEndian: place.sin_port)
    }
}
