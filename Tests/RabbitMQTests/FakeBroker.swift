import Foundation
import Glibc
import MqantRabbitMQTestSupport

/// A listener that plays a broker's part as a test wants it, wrong on purpose. One connection after the other, each on
/// a thread of its own.
final class FakeBroker: Sendable {
    /// The accepted socket.
    struct Peer: Sendable {
        let descriptor: Int32

        func send(_ bytes: [UInt8]) {
            var offset = 0
            while offset < bytes.count {
                let sent = bytes[offset...].withUnsafeBytes {
                    Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                if sent <= 0 { return }
                offset += sent
            }
        }

        /// Exactly `count` bytes, or nil at the end.
        func read(_ count: Int) -> [UInt8]? {
            var bytes = [UInt8](repeating: 0, count: count)
            var filled = 0
            while filled < count {
                let got = bytes[filled...].withUnsafeMutableBytes { recv(descriptor, $0.baseAddress, $0.count, 0) }
                if got <= 0 { return nil }
                filled += got
            }
            return bytes
        }

        /// The payload of the next frame, or nil at the end.
        func readFrame() -> (kind: UInt8, channel: UInt8, payload: [UInt8])? {
            guard let head = read(7) else { return nil }
            let size = head[3...6].reduce(0) { $0 << 8 | Int($1) }
            guard let rest = read(size + 1) else { return nil }
            return (head[0], head[2], rest.dropLast())
        }

        func sendFrame(_ kind: UInt8, _ channel: UInt8, _ payload: [UInt8]) {
            let size = (0..<4).map { UInt8(truncatingIfNeeded: payload.count >> (24 - 8 * $0)) }
            send([kind, 0, channel] + size + payload + [0xCE])
        }

        func sendMethod(_ channel: UInt8, _ classID: UInt8, _ method: UInt8, _ arguments: [UInt8] = []) {
            sendFrame(1, channel, [0, classID, 0, method] + arguments)
        }

        /// Reads to the end, so that nothing is answered and the socket stays open.
        func drain() {
            var bytes = [UInt8](repeating: 0, count: 65_536)
            while recv(descriptor, &bytes, bytes.count, 0) > 0 {}
        }

        /// Without reading: the client's window fills up.
        func waitForHangUp() {
            // POLLRDHUP, which needs _GNU_SOURCE.
            var event = pollfd(fd: descriptor, events: 0x2000, revents: 0)
            poll(&event, 1, -1)
        }

        /// Says that no more will come, and still reads.
        func finish() { shutdown(descriptor, Int32(SHUT_WR)) }

        func close() { shutdown(descriptor, Int32(SHUT_RDWR)) }

        /// The login of AMQP 0-9-1 §2.2.4, and the opening of channel 1. False: the client went away.
        func login(heartbeat: UInt8 = 0, opensChannel: Bool = true) -> Bool {
            guard read(8) == Array("AMQP".utf8) + [0, 0, 9, 1] else { return false }
            let mechanisms: [UInt8] = [0, 0, 0, 5] + Array("PLAIN".utf8)
            let locales: [UInt8] = [0, 0, 0, 5] + Array("en_US".utf8)
            sendMethod(0, 10, 10, [0, 9, 0, 0, 0, 0] + mechanisms + locales)
            guard readFrame() != nil else { return false }
            sendMethod(0, 10, 30, [0, 100, 0, 2, 0, 0, 0, heartbeat])
            guard readFrame() != nil, readFrame() != nil else { return false }
            sendMethod(0, 10, 41, [0])
            if !opensChannel { return true }
            guard readFrame()?.payload.prefix(4) == [0, 20, 0, 10] else { return false }
            sendMethod(1, 20, 11, [0, 0, 0, 0])
            return true
        }
    }

    let port: UInt16
    /// Opens when a client has come.
    let accepted = Condition()
    private let listener: Int32
    var uri: String { "amqp://127.0.0.1:\(port)" }

    init(_ serve: @escaping @Sendable (Peer) -> Void) throws {
        // With SOCK_CLOEXEC: a broker started meanwhile must not hold it open.
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | 0o2_000_000, 0)
        var place = sockaddr_in()
        place.sin_family = sa_family_t(AF_INET)
        inet_pton(AF_INET, "127.0.0.1", &place.sin_addr)
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let ready = withUnsafeMutablePointer(to: &place) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, size) == 0 && listen(descriptor, 16) == 0
                    && getsockname(descriptor, $0, &size) == 0
            }
        }
        guard ready else { throw Recorder.TimedOut(description: "cannot listen") }
        listener = descriptor
        port = UInt16(bigEndian: place.sin_port)
        let accepted = accepted
        Thread.detachNewThread {
            while true {
                let peer = accept(descriptor, nil, nil)
                if peer < 0 { return }
                accepted.open()
                Thread.detachNewThread {
                    serve(Peer(descriptor: peer))
                    // Until the client has gone, else a test that wants silence would get an end.
                    Peer(descriptor: peer).drain()
                    close(peer)
                }
            }
        }
    }

    deinit {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
    }
}
