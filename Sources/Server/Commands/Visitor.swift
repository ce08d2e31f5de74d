import ArgumentParser
import Logging
import Mqant
import MqantRPC
import NIOPosix

/// A node that serves nothing and stays a moment: how commands reach a running cluster.
struct Visitor {
    let node: RPCNode

    /// Runs `body` with a visitor at the broker that a configuration names.
    static func visit<Value>(
        _ program: Program, _ options: ConfigurationOptions, _ body: (Visitor) async throws -> Value
    ) async throws -> Value {
        let logger = Logger(label: program.name) { _ in TerminalLogHandler(level: .error) }
        let placement: Placement
        do {
            placement = try options.placement(of: program)
        } catch {
            complain("\(error)")
            throw ExitCode(1)
        }
        guard let broker = try Broker(of: placement) else {
            complain("\(options.conf) names no broker: there is nothing to call through")
            throw ExitCode(1)
        }
        return try await visit(broker, patience: .seconds(3), logger: logger, body)
    }

    /// Runs `body` with a visitor at a broker.
    ///
    /// - Parameter patience: how long to try to reach it.
    static func visit<Value>(
        _ broker: Broker, patience: Duration, logger: Logger, _ body: (Visitor) async throws -> Value
    ) async throws -> Value {
        let id = NodeID("visitor-" + String(UInt64.random(in: .min ... .max), radix: 16))
        var configuration = RPCNode.Configuration()
        // Without it nobody would look whether the callee of a call that is out still lives, nor who has fallen silent.
        configuration.membership = MembershipTiming()
        let node = RPCNode(
            id: id, transport: broker.within(patience).makeTransport(id, logger), configuration: configuration,
            eventLoop: MultiThreadedEventLoopGroup.singleton.next(), logger: logger)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await node.run() }
            do {
                do throws(RPCError) {
                    try await node.start()
                } catch {
                    complain(TerminalText.line(error.message))
                    throw ExitCode(1)
                }
                let value = try await body(Visitor(node: node))
                await node.shutdown()
                return value
            } catch {
                await node.shutdown()
                throw error
            }
        }
    }

    /// All nodes answer a newcomer that asks who is there.
    private static let discoveryTime = Duration.milliseconds(1200)

    /// Waits until `isKnown` holds of what is known of the cluster, at most as long as every live node needs to be heard.
    func discover(within bound: Duration = Self.discoveryTime, until isKnown: (ClusterView) -> Bool) async throws {
        let deadline = ContinuousClock.now + min(bound, Self.discoveryTime)
        while !isKnown(node.view), ContinuousClock.now < deadline {
            // The view has no event to wait for; a person waits at the other end.
            try await Task.sleep(for: .milliseconds(10))
        }
    }
}
