import CMqantEpoll
import Glibc

extension ConnectionPool {
    /// Writes what is in `output` to a client; for those that are not being heard just now.
    func flush<Delegate: ConnectionDelegate>(_ client: Int, now: UInt64, _ delegate: Delegate) {
        guard output.count > 0 else { return }
        do throws(ConnectionFault) { try writeOutput(client, now) } catch { fail(client, error, now, delegate) }
    }

    /// Pings from all clients that have been silent for long, so that the server keeps them.
    func keepAlive<Delegate: ConnectionDelegate>(now: UInt64, _ delegate: Delegate) {
        let longest = UInt64(configuration.keepAlive) * Clock.second / 2
        guard longest > 0 else { return }
        for client in 0..<count where connections[client].phase == .open {
            guard now - min(now, connections[client].lastWritten) > longest else { continue }
            output.appendPing()
            flush(client, now: now, delegate)
        }
    }

    func writeOutput(_ client: Int, _ now: UInt64) throws(ConnectionFault) {
        connections[client].lastWritten = now
        defer { output.removeAll() }
        try write(configuration.usesWebSocket ? output.framed() : output.bytes, client)
    }

    func write(_ bytes: UnsafeRawBufferPointer, _ client: Int) throws(ConnectionFault) {
        guard connections[client].backlog.isEmpty else { return try queue(bytes, client) }
        let written = send(connections[client].descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
        if written == bytes.count { return }
        guard written >= 0 || errno == EAGAIN || errno == EINTR else { throw .system("writing", errno: errno) }
        try queue(UnsafeRawBufferPointer(rebasing: bytes[max(written, 0)...]), client)
        watch(client, Self.readable | Self.writable)
    }

    private func queue(_ bytes: UnsafeRawBufferPointer, _ client: Int) throws(ConnectionFault) {
        guard connections[client].backlog.count + bytes.count <= Self.maximumBacklog else {
            throw .system("the server does not read", errno: ENOBUFS)
        }
        connections[client].backlog.append(contentsOf: bytes)
    }

    func writeBacklog(_ client: Int) throws(ConnectionFault) {
        let bytes = connections[client].backlog
        let written = send(connections[client].descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        guard written >= 0 || errno == EAGAIN || errno == EINTR else { throw .system("writing", errno: errno) }
        connections[client].backlog = Array(bytes[max(written, 0)...])
        guard connections[client].backlog.isEmpty else { return }
        watch(client, Self.readable)
    }

    /// What is waited for at a client's socket from now on.
    func watch(_ client: Int, _ flags: UInt32) {
        mqant_epoll_change(poller, connections[client].descriptor, flags, UInt64(client))
    }
}
