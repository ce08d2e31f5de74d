import Foundation
import Glibc
import MqantRabbitMQTestSupport
import Testing

/// SIGTERM and SIGINT end a node in good order at any time (docs/architecture.md#failure-semantics), while it waits for
/// something among them.
@Suite(.timeLimit(.minutes(3)), .serialized) struct SignalTests {
    private func configuration(_ uri: String, exchange: String = "signals-\(UUID().uuidString)") -> String {
        """
        { "Module": { "Login": [ { "Id": "login-1", "Host": "127.0.0.1" } ],
                      "Gate": [ { "Id": "gate-1", "Host": "127.0.0.1", "Settings": { "TCPAddr": "127.0.0.1:0" } } ] },
          "Rabbitmq": { "Uri": "\(uri)", "Exchange": "\(exchange)", "Queue": "\(exchange)." } }
        """
    }

    /// Sends a signal, and checks that the node ends in good order and in time.
    private func end(
        _ node: ServerProcess, by signal: Int32 = SIGTERM, within limit: Duration,
        location: SourceLocation = #_sourceLocation
    ) async throws {
        let start = ContinuousClock.now
        node.signal(signal)
        let result = try await node.result()
        #expect(ContinuousClock.now - start < limit, "\(result.errors)", sourceLocation: location)
        #expect(result.status == 0, "\(result.errors)", sourceLocation: location)
        let name = signal == SIGINT ? "interrupt" : "terminated"
        #expect(result.errors.contains("closing down (signal: \(name))"), sourceLocation: location)
        #expect(!result.errors.contains("FATAL"), "\(result.errors)", sourceLocation: location)
    }

    /// A second is what it may take; the rest is for a busy machine. Without the signal it would be 30 s.
    private static let atOnce = Duration.seconds(5)

    @Test(arguments: [SIGTERM, SIGINT])
    func whileItWaitsForTheBroker(_ signal: Int32) async throws {
        let uri = "amqp://joe:hunter2@127.0.0.1:\(try FreePort.find())/"
        try await ServerProcess.withConfiguration(configuration(uri)) { path in
            let node = try ServerProcess(["--conf", path])
            try await node.line(containing: "cannot use the broker yet")
            try await end(node, by: signal, within: Self.atOnce)
        }
    }

    @Test func whileItConnectsToWhoDoesNotAnswer() async throws {
        let listener = try SilentListener()
        let uri = "amqp://joe:hunter2@127.0.0.1:\(listener.port)/"
        try await ServerProcess.withConfiguration(configuration(uri)) { path in
            let node = try ServerProcess(["--conf", path])
            try await node.line(containing: "starting up")
            try await end(node, within: .seconds(4))
        }
        withExtendedLifetime(listener) {}
    }

    @Test func whileItWaitsForAnIdOfAProcessThatHangs() async throws {
        let broker = try await SharedBroker.get()
        try await ServerProcess.withConfiguration(configuration(broker.uri())) { path in
            let holder = try ServerProcess(["--conf", path])
            try await holder.line(containing: "TCP Listen")
            try await holder.stop()
            let node = try ServerProcess(["--conf", path])
            let result: Result<Void, any Error>
            do {
                try await node.line(containing: "its holder does not answer")
                result = .success(try await end(node, within: Self.atOnce))
            } catch {
                node.signal(SIGKILL)
                result = .failure(error)
            }
            holder.signal(SIGCONT)
            holder.signal(SIGTERM)
            #expect(try await holder.result().status == 0)
            try result.get()
        }
    }

    @Test func underAnAlarmAndWhileTheBrokerHangsOrIsAway() async throws {
        let broker = try await RabbitMQBroker.start()
        try await ServerProcess.withConfiguration(configuration(broker.uri())) { path in
            let node = try ServerProcess(["--conf", path])
            try await node.line(containing: "TCP Listen")
            try await broker.ctl("set_vm_memory_high_watermark", "0.000001")
            try await node.line(containing: "the broker blocks publishers")
            try await end(node, within: .seconds(10))
        }
        // Stopped, as behind a cut link: it takes two heartbeats, 10 s, until a node knows.
        try await broker.ctl("set_vm_memory_high_watermark", "0.6")
        try await ServerProcess.withConfiguration(configuration(broker.uri())) { path in
            let node = try ServerProcess(["--conf", path])
            try await node.line(containing: "TCP Listen")
            broker.pause()
            let result: Result<Void, any Error>
            do { result = .success(try await end(node, within: .seconds(10))) } catch { result = .failure(error) }
            broker.resume()
            try result.get()
        }
        try await broker.ctl("set_vm_memory_high_watermark", "0.000001")
        // Another starts under the alarm all the same: it waits with what it has to say.
        try await ServerProcess.withConfiguration(configuration(broker.uri())) { path in
            let node = try ServerProcess(["--conf", path])
            try await node.line(containing: "TCP Listen")
            await broker.kill()
            try await node.line(containing: "cannot reconnect to the broker yet")
            try await end(node, within: .seconds(10))
        }
        await broker.remove()
    }
}
