import Glibc
import MqantBenchSupport
import MqantRabbitMQ
import NIOCore
import Synchronization

/// Keeps requests outstanding, each answered reply sending the next one, like `raw/rawrpc.c`.
final class Caller: Sendable {
    private struct State {
        var sent: [UInt64] = []
        var latencies: [UInt32] = []
        var isMeasuring = false
        var isStopping = false
        var outstanding = 0
        var target: (AMQPChannel, String)?
    }

    private let state = Mutex(State())
    private let publisher: Connection
    private let consumer: Connection
    private let queue: String

    private init(publisher: Connection, consumer: Connection, queue: String) {
        self.publisher = publisher
        self.consumer = consumer
        self.queue = queue
    }

    static func connect(uri: String, queue: String) async throws -> Caller {
        let loop = try ConnectionLoop(name: "caller")
        let configuration = try Connection.Configuration(uris: [uri])
        let silent = ConnectionHandlers(deliveries: { _ in }, event: { _ in })
        let publisher = try await Connection.open(configuration, on: loop, handlers: silent)
        let relay = Relay()
        let consumer = try await Connection.open(
            configuration, on: loop,
            handlers: ConnectionHandlers(
                deliveries: { batch in relay.caller?.received(batch) }, event: { _ in }))
        let channel = try await consumer.openChannel()
        var declaration = QueueDeclaration(name: "")
        declaration.isExclusive = true
        let replies = try await channel.declareQueue(declaration).name
        try await channel.consume(replies)
        let requests = try await publisher.openChannel()
        let caller = Caller(publisher: publisher, consumer: consumer, queue: queue)
        caller.state.withLock { $0.target = (requests, replies) }
        relay.set(caller)
        return caller
    }

    /// The caller, known to the handlers of its connection only after that is open.
    private final class Relay: Sendable {
        private let held = Mutex<Caller?>(nil)
        var caller: Caller? { held.withLock { $0 } }
        func set(_ caller: Caller) { held.withLock { $0 = caller } }
    }

    private static func now() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    private static let body = ByteBuffer(repeating: UInt8(ascii: "q"), count: 200)

    private func send(_ slot: Int, _ target: (AMQPChannel, String)) {
        var properties = BasicProperties()
        properties.deliveryMode = .transient
        properties.correlationID = String(slot)
        properties.replyTo = target.1
        do {
            try target.0.publish(OutgoingMessage(routingKey: queue, properties: properties, body: Self.body))
        } catch {
            print("request: \(error)")
        }
    }

    private func received(_ batch: [Delivery]) {
        let now = Self.now()
        let target = state.withLock { $0.target }
        guard let target else { return }
        for delivery in batch {
            guard let slot = delivery.properties.correlationID.flatMap({ Int($0) }) else { continue }
            let again = state.withLock { state in
                if state.isMeasuring {
                    state.latencies.append(UInt32(clamping: (now - state.sent[slot]) / 1000))
                }
                if state.isStopping {
                    state.outstanding -= 1
                    return false
                }
                state.sent[slot] = Self.now()
                return true
            }
            if again { send(slot, target) }
        }
    }

    func measure(window: Int, seconds: Double, watched: [Int32]) async throws -> RunResult? {
        let target = state.withLock { state in
            state.sent = Array(repeating: Self.now(), count: window)
            state.outstanding = window
            state.isStopping = false
            state.latencies.reserveCapacity(2_000_000)
            return state.target
        }
        guard let target else { return nil }
        for slot in 0..<window { send(slot, target) }
        try await Task.sleep(for: .seconds(1))
        state.withLock { $0.isMeasuring = true }
        let start = Self.now()
        let before = CPUTime(with: watched)
        try await Task.sleep(for: .seconds(seconds))
        let used = CPUTime(with: watched) - before
        let elapsed = Double(Self.now() - start) / 1e9
        let latencies = state.withLock { state in
            state.isMeasuring = false
            state.isStopping = true
            defer { state.latencies = [] }
            return state.latencies
        }
        while state.withLock({ $0.outstanding }) > 0 { try await Task.sleep(for: .milliseconds(5)) }
        return RunResult(window: window, seconds: elapsed, latencies: latencies, used: used)
    }

    func close() async {
        await consumer.close()
        await publisher.close()
    }
}
