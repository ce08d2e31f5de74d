import Glibc
import MqantGate
import NIOCore
import NIOPosix
import Synchronization

/// The way to the Gate of a server under test.
final class TestEntrance: Sendable {
    private struct State {
        var gate: Gate?
        var port: Int?
    }

    let transport: TestTransport
    private let state = Mutex(State())
    private let opening = Latch()

    init(_ transport: TestTransport) { self.transport = transport }

    /// Where clients of the test's own may connect; nil: nowhere.
    var port: Int? { state.withLock { $0.port } }

    /// The event loops of the Gate.
    var eventLoops: [any EventLoop] { state.withLock { $0.gate }?.eventLoops ?? [] }

    // MARK: The Gate's side

    /// The Gate runs.
    func open(_ gate: Gate) {
        state.withLock { $0.gate = gate }
        if transport == .inProcess { opening.open() }
    }

    /// The Gate listens.
    func open(port: Int) {
        state.withLock { $0.port = port }
        opening.open()
    }

    /// From now on nobody comes in.
    func close() {
        state.withLock { $0 = State() }
        opening.open()
    }

    // MARK: The clients' side

    /// Returns once clients can come in, or never will.
    func opened() async { await opening.pass() }

    /// Connects a client.
    func connect(_ handler: @escaping @Sendable () -> any ChannelHandler) async throws -> any Channel {
        let bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(handler()) }
            }
        let (gate, port) = state.withLock { ($0.gate, $0.port) }
        guard let gate else { throw TestFailure("the server has ended") }
        if let port { return try await bootstrap.connect(host: "127.0.0.1", port: port).get() }
        let (near, far) = try Self.socketPair()
        let channel = try await bootstrap.withConnectedSocket(near).get()
        try await gate.accept(far)
        return channel
    }

    private static func socketPair() throws -> (NIOBSDSocket.Handle, NIOBSDSocket.Handle) {
        var ends: [Int32] = [-1, -1]
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, type, 0, &ends) == 0 else { throw IOError(errnoCode: errno, reason: "socketpair") }
        return (ends[0], ends[1])
    }
}
