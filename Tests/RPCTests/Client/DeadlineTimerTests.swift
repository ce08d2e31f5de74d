import Logging
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import MqantRPC

/// The one timer that stands for all deadlines of a node.
@Suite("Deadline timer", .timeLimit(.minutes(1))) struct DeadlineTimerTests {
    private func node(
        on eventLoop: any EventLoop = MultiThreadedEventLoopGroup.singleton.next()
    ) async throws -> RPCNode {
        let node = RPCNode(
            id: "n", transport: InProcessTransport(node: "n", hub: InProcessHub()), eventLoop: eventLoop,
            logger: Logger(label: "test"))
        try await node.start()
        let server = RPCServer(type: "Deaf", instance: "n:Deaf", node: node, logger: Logger(label: "test"))
        try server.registerRaw("listen") { _ in
            // Longer than any deadline here, and ended by no event: the node's shutdown does not wait for it.
            try await Task.sleep(for: .milliseconds(400))
            return ArgumentCoding.null
        }
        try await node.serve(server)
        return node
    }

    /// A timer that fired before it was noted down must not cancel the one that was armed since.
    @Test func aTimerThatFiresWhileItIsArmedDoesNotStopTheClock() async throws {
        let node = try await node(on: HastyEventLoop(MultiThreadedEventLoopGroup.singleton.next()))
        let request = RPCRequest(function: "listen", payload: ArgumentCoding.null)
        let ends = Mutex<[RPCReply]>([])
        for milliseconds in [-50, 30, -50, 60] as [Int64] {
            node.call("Deaf", request, timeout: .milliseconds(milliseconds)) { reply in
                ends.withLock { $0.append(reply) }
            }
        }
        let limit = ContinuousClock.now + .seconds(5)
        while ends.withLock({ $0.count }) < 4, ContinuousClock.now < limit {
            // A reply that never comes is what is tested for, so the wait has an end of its own.
            try await Task.sleep(for: .milliseconds(5))
        }
        #expect(ends.withLock { $0 } == Array(repeating: .failure(.timeout("listen")), count: 4))
        await node.shutdown()
    }

    /// Many threads, deadlines around zero.
    @Test func deadlinesThatPassWhileTheTimerIsArmedStillEnd() async throws {
        let node = try await node()
        let request = RPCRequest(function: "listen", payload: ArgumentCoding.null)
        let codes = await withTaskGroup(of: [RPCError.Code?].self) { group in
            for worker in 0..<4 {
                group.addTask {
                    var codes: [RPCError.Code?] = []
                    for round in 0..<150 {
                        let timeout = TimeAmount.microseconds(Int64((round * 37 + worker * 101) % 800) - 200)
                        do throws(RPCError) {
                            _ = try await node.call("Deaf", request, timeout: timeout)
                            codes.append(nil)
                        } catch {
                            codes.append(error.code)
                        }
                    }
                    return codes
                }
            }
            return await group.reduce(into: []) { $0 += $1 }
        }
        #expect(codes.count == 600)
        #expect(codes.allSatisfy { $0 == .timeout })
        #expect(node.statistics.timeouts == 600)
        await node.shutdown()
    }

    /// A later call with an earlier deadline moves the timer; the earlier call keeps its own.
    @Test func anEarlierDeadlineMovesTheTimer() async throws {
        let node = try await node()
        let request = RPCRequest(function: "listen", payload: ArgumentCoding.null)
        let (ends, continuation) = AsyncStream.makeStream(of: Int.self)
        for milliseconds in [200, 120, 40, 80, 160] {
            node.call("Deaf", request, timeout: .milliseconds(Int64(milliseconds))) { reply in
                if case .failure(let error) = reply, error.code == .timeout { continuation.yield(milliseconds) }
            }
        }
        var order: [Int] = []
        for await end in ends {
            order.append(end)
            if order.count == 5 { break }
        }
        #expect(order == [40, 80, 120, 160, 200])
        await node.shutdown()
    }
}
