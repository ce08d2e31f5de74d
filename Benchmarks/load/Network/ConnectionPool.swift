import CMqantEpoll
import Glibc

/// All connections of a process, on one thread with one epoll: a generator shares its cores with the server that it
/// measures.
final class ConnectionPool {
    struct Configuration {
        var addresses: [ServerAddress]
        var usesWebSocket: Bool
        /// In seconds, as CONNECT has it.
        var keepAlive: UInt16
    }

    /// Clients from one address of the loopback: there are not many more ports.
    private static let clientsOfSource = 20_000
    static let inputCapacity = 2 * PacketScanner.longestPacket
    static let readable = UInt32(MQANT_READABLE)
    static let writable = UInt32(MQANT_WRITABLE)
    static let maximumBacklog = 16 << 20

    let configuration: Configuration
    let output = OutputBuffer()
    let count: Int
    /// A line has come on standard input, or its end.
    private(set) var hasControl = false
    let connections: UnsafeMutablePointer<Connection>
    let input: UnsafeMutablePointer<UInt8>
    private let events: UnsafeMutablePointer<mqant_event>
    private let maximumEvents: Int32 = 256
    let poller: Int32

    init(count: Int, _ configuration: Configuration) throws(ConnectionFault) {
        self.configuration = configuration
        self.count = count
        connections = .allocate(capacity: max(count, 1))
        connections.initialize(repeating: Connection(), count: count)
        input = .allocate(capacity: Self.inputCapacity)
        events = .allocate(capacity: Int(maximumEvents))
        poller = mqant_epoll_create()
        guard poller >= 0 else { throw .system("epoll", errno: errno) }
        mqant_epoll_add(poller, 0, Self.readable, UInt64.max)
    }

    deinit {
        for client in 0..<count { close(client) }
        connections.deinitialize(count: count)
        connections.deallocate()
        input.deallocate()
        events.deallocate()
        Glibc.close(poller)
    }

    func isOpen(_ client: Int) -> Bool { connections[client].phase == .open }

    func nextPacketID(of client: Int) -> UInt16 { connections[client].nextPacketID() }

    // MARK: Opening and closing

    /// Begins to connect a client.
    /// - Parameter number: counts the clients of all processes.
    func open(_ client: Int, number: Int, clientID: String) throws(ConnectionFault) {
        let address = configuration.addresses[number % configuration.addresses.count]
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard descriptor >= 0 else { throw .system("a socket", errno: errno) }
        var yes: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
        let source = number / configuration.addresses.count / Self.clientsOfSource
        if source > 0, address.isLoopback { bind(descriptor, toLoopback: UInt32(source)) }
        var target = address.socketAddress
        let connected = withUnsafePointer(to: &target) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 || errno == EINPROGRESS else {
            let fault = ConnectionFault.system("connecting to \(address.text)", errno: errno)
            Glibc.close(descriptor)
            throw fault
        }
        connections[client] = Connection(descriptor: descriptor, phase: .connecting, clientID: clientID)
        mqant_epoll_add(poller, descriptor, Self.readable | Self.writable, UInt64(client))
    }

    /// Another address of the loopback, 127.0.0.2 and so on, for each so many clients.
    private func bind(_ descriptor: Int32, toLoopback source: UInt32) {
        var yes: Int32 = 1
        let withoutPort: Int32 = 24  // IP_BIND_ADDRESS_NO_PORT
        setsockopt(descriptor, Int32(IPPROTO_IP), withoutPort, &yes, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = (127 << 24 + 1 + source).bigEndian
        _ = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    func close(_ client: Int) {
        guard connections[client].phase != .closed else { return }
        Glibc.close(connections[client].descriptor)
        connections[client] = Connection()
    }

    /// Reads nothing of a client any more: it stalls.
    func stopReading(_ client: Int) { watch(client, 0) }

    // MARK: Waiting

    /// Waits until something comes, or the moment does, and hands on what came.
    func poll<Delegate: ConnectionDelegate>(until moment: UInt64, _ delegate: Delegate) {
        let now = Clock.now
        let ready = mqant_epoll_wait(poller, events, maximumEvents, moment > now ? moment - now : 0)
        guard ready > 0 else { return }
        for index in 0..<Int(ready) {
            let event = events[index]
            guard event.data != UInt64.max else {
                hasControl = true
                continue
            }
            handle(event.flags, Int(event.data), delegate)
        }
    }

    /// What has come on standard input is looked at.
    func takeControl() { hasControl = false }

    private func handle<Delegate: ConnectionDelegate>(_ flags: UInt32, _ client: Int, _ delegate: Delegate) {
        let phase = connections[client].phase
        guard phase != .closed else { return }
        let now = Clock.now
        do throws(ConnectionFault) {
            if phase == .connecting {
                try finishConnecting(client, now)
            } else {
                if flags & Self.writable != 0 { try writeBacklog(client) }
                if flags & ~Self.writable != 0 { try receive(client, now, delegate) }
            }
        } catch {
            fail(client, error, now, delegate)
        }
    }

    func fail<Delegate: ConnectionDelegate>(
        _ client: Int, _ fault: ConnectionFault, _ now: UInt64, _ delegate: Delegate
    ) {
        output.removeAll()
        close(client)
        delegate.closed(client, fault, now: now)
    }

    private func finishConnecting(_ client: Int, _ now: UInt64) throws(ConnectionFault) {
        var number: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        let descriptor = connections[client].descriptor
        getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &number, &size)
        guard number == 0 else { throw .system("connecting", errno: number) }
        watch(client, Self.readable)
        if configuration.usesWebSocket {
            connections[client].phase = .upgrading
            output.append(WebSocketHandshake.request(to: configuration.addresses[0].text))
            try write(output.bytes, client)
            output.removeAll()
        } else {
            try greet(client, now)
        }
    }

    func greet(_ client: Int, _ now: UInt64) throws(ConnectionFault) {
        connections[client].phase = .greeting
        output.appendConnect(clientID: connections[client].clientID, keepAlive: configuration.keepAlive)
        try writeOutput(client, now)
    }
}
