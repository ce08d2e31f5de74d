import Glibc

@testable import MqantRabbitMQ

/// An address that answers no SYN, as behind a firewall that drops packets: a listener that accepts nothing and whose queue
/// is full.
final class DroppingListener {
    struct Failure: Error {}

    private var descriptors: [Int32] = []

    init(_ address: String, port: UInt16) throws {
        guard let peer = PeerAddress(address, port: port) else { throw Failure() }
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        descriptors.append(listener)
        var place = sockaddr_in()
        place.sin_family = sa_family_t(AF_INET)
        place.sin_port = port.bigEndian
        inet_pton(AF_INET, address, &place.sin_addr)
        let isBound = withUnsafePointer(to: &place) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        guard isBound, listen(listener, 0) == 0 else { throw Failure() }
        // Once it is full, nothing comes of a connection for as long as the kernel tries.
        for _ in 0..<8 {
            let descriptor = try peer.beginConnecting().get()
            descriptors.append(descriptor)
            var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            if poll(&entry, 1, 100) == 0 { return }
        }
        throw Failure()
    }

    deinit {
        for descriptor in descriptors { close(descriptor) }
    }
}
