import Glibc

/// A TCP port that nobody listens on at this moment.
///
/// Below the range from which the kernel takes the ports of outgoing connections: there a client that tries to reach a
/// listener which is gone may be given that very port, connect to itself, and keep the listener from coming back.
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
        for _ in 0..<1000 {
            let descriptor = socket(AF_INET, closedOnExec, 0)
            defer { close(descriptor) }
            let port = UInt16.random(in: 10_000..<32_000)
            if withAddress(address, port, { bind(descriptor, $0, $1) }) == 0 { return port }
        }
        throw ChildProcess.SpawnError(description: "no free port at \(address)")
    }
}
