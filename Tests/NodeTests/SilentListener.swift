import Foundation
import Glibc
import MqantRabbitMQTestSupport

/// Takes connections by the kernel alone, as a process that hangs does.
final class SilentListener {
    let port: UInt16
    private let descriptor: Int32

    init() throws {
        let port = try FreePort.find()
        self.port = port
        descriptor = try Connection.socket()
        guard Connection.withLoopback(port, { bind(descriptor, $0, $1) }) == 0, listen(descriptor, 16) == 0 else {
            throw POSIXError(.EADDRINUSE)
        }
    }

    deinit { close(descriptor) }
}
