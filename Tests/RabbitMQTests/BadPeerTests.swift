import MqantRabbitMQ
import MqantRabbitMQTestSupport
import NIOCore
import Testing

/// A peer that has logged in and then breaks the rules: one typed error, never a trap, never a hang.
@Suite(.timeLimit(.minutes(3)))
struct BadPeerTests {
    private static let violations: [String: @Sendable (FakeBroker.Peer) -> Void] = [
        "random bytes": { $0.send((0..<500).map { UInt8(truncatingIfNeeded: $0 &* 7919 >> 3) }) },
        "unknown frame type": { $0.sendFrame(7, 1, [1, 2, 3]) },
        "frame over the bound": { $0.send([1, 0, 1, 0x7F, 0xFF, 0xFF, 0xFF]) },
        "no end octet": { $0.send([3, 0, 1, 0, 0, 0, 1, 65, 66]) },
        "method frame of two bytes": { $0.sendFrame(1, 1, [0, 60]) },
        "header frame of three bytes": { $0.sendFrame(2, 1, [0, 60, 0]) },
        "unknown method": { $0.sendMethod(1, 60, 222) },
        "method cut short": { $0.sendMethod(1, 60, 60, [200, 1]) },
        "heartbeat with a payload": { $0.sendFrame(8, 0, [1]) },
        "body without header": { $0.sendFrame(3, 1, [1]) },
        "header without method": { $0.sendFrame(2, 1, SampleFrames.header) },
        "content on an unused channel": { $0.sendFrame(3, 9, [1]) },
        "method on an unused channel": { $0.sendMethod(9, 60, 60, SampleFrames.deliver) },
        "an answer to nothing": { $0.sendMethod(1, 50, 11, [1, 113, 0, 0, 0, 0, 0, 0, 0, 0]) },
        "a close-ok to nothing": { $0.sendMethod(0, 10, 51) },
        "method inside a message": {
            $0.sendMethod(1, 60, 60, SampleFrames.deliver)
            $0.sendMethod(1, 60, 60, SampleFrames.deliver)
        },
        "more body than announced": {
            $0.sendMethod(1, 60, 60, SampleFrames.deliver)
            $0.sendFrame(2, 1, SampleFrames.header)
            $0.sendFrame(3, 1, [1, 2, 3, 4, 5])
        },
        "header of another class": {
            $0.sendMethod(1, 60, 60, SampleFrames.deliver)
            $0.sendFrame(2, 1, [0, 50] + SampleFrames.header.dropFirst(2))
        },
        "property longer than its frame": {
            $0.sendMethod(1, 60, 60, SampleFrames.deliver)
            $0.sendFrame(2, 1, SampleFrames.header.dropLast(2) + [0x80, 0, 250, 65])
        },
        "table longer than its frame": {
            $0.sendMethod(1, 60, 60, SampleFrames.deliver)
            $0.sendFrame(2, 1, SampleFrames.header.dropLast(2) + [0x20, 0, 0x7F, 0xFF, 0xFF, 0xFF, 1, 65])
        },
    ]

    @Test(arguments: violations.keys.sorted())
    func aViolationEndsTheConnectionWithAnError(name: String) async throws {
        let violate = try #require(Self.violations[name])
        let fake = try FakeBroker { peer in
            guard peer.login() else { return }
            violate(peer)
        }
        try await withConnection(to: [fake.uri]) { connection, recorder in
            // Some violations come right behind channel.open-ok.
            do { _ = try await connection.openChannel() } catch is RabbitMQError {}
            let closed = try await recorder.wait("end") { !$0.closed.isEmpty }.closed
            #expect(closed.count == 1)
            #expect(closed.first?.code == .protocolViolation, "\(closed)")
            let error = try await rabbitMQError { _ = try await connection.openChannel() }
            #expect(error.outcome == .notSent)
        }
    }

    @Test func aPeerThatHangsUpEndsEveryWait() async throws {
        let fake = try FakeBroker { peer in
            guard peer.login(), peer.readFrame() != nil else { return }
            peer.close()
        }
        try await withConnection(to: [fake.uri]) { connection, recorder in
            let channel = try await connection.openChannel()
            let error = try await rabbitMQError { _ = try await channel.temporaryQueue() }
            #expect(error.code == .connectionClosed)
            #expect(error.outcome == .unknown)
            try await recorder.wait("end") { $0.closed.map(\.code) == [.connectionClosed] }
        }
    }

    @Test func aPeerThatNeverAnswersCostsTheDeadlineAndNoMore() async throws {
        let fake = try FakeBroker { peer in _ = peer.login() }
        try await withConnection(to: [fake.uri]) { connection, _ in
            let channel = try await connection.openChannel()
            let started = ContinuousClock.now
            let error = try await rabbitMQError {
                try await channel.declareQueue(QueueDeclaration(name: "x"), timeout: .milliseconds(200))
            }
            #expect(error.code == .timeout)
            #expect(error.outcome == .unknown)
            let elapsed = ContinuousClock.now - started
            #expect(elapsed >= .milliseconds(200) && elapsed < .seconds(2), "\(elapsed)")

            let waiting = Task { try await channel.declareQueue(QueueDeclaration(name: "y"), timeout: .seconds(60)) }
            waiting.cancel()
            await #expect(throws: CancellationError.self) { try await waiting.value }
            await connection.close(timeout: .milliseconds(100))
        }
    }

    @Test func aChannelThatOpensTooLateIsClosedAgain() async throws {
        let closed = MqantRabbitMQTestSupport.Condition()
        let fake = try FakeBroker { peer in
            guard peer.login(opensChannel: false), peer.readFrame() != nil else { return }
            // Answers the first opening only when a second one shows that the first was given up.
            guard let second = peer.readFrame(), second.channel == 2 else { return }
            peer.sendMethod(1, 20, 11, [0, 0, 0, 0])
            guard let close = peer.readFrame(), close.channel == 1, close.payload.prefix(4) == [0, 20, 0, 40] else {
                return
            }
            peer.sendMethod(1, 20, 41)
            peer.sendMethod(2, 20, 11, [0, 0, 0, 0])
            closed.open()
        }
        try await withConnection(to: [fake.uri]) { connection, _ in
            let error = try await rabbitMQError { _ = try await connection.openChannel(timeout: .milliseconds(100)) }
            #expect(error.code == .timeout)
            _ = try await connection.openChannel()
            await closed.wait()
            await connection.close(timeout: .milliseconds(100))
        }
    }

    @Test func aSilentPeerIsDeadAfterTwoHeartbeats() async throws {
        let fake = try FakeBroker { peer in _ = peer.login(heartbeat: 3) }
        try await withConnection(to: [fake.uri]) { connection, recorder in
            _ = try await connection.openChannel()
            let closed = try await recorder.wait("end", timeout: .seconds(30)) { !$0.closed.isEmpty }.closed
            #expect(closed.first?.code == .connectionClosed)
            #expect(closed.first?.message.contains("heartbeat") == true)
        }
    }

    @Test func headersNestedTooDeeplyAreSkippedOthersArrive() async throws {
        let depth = 2000
        var table: [UInt8] = []
        for _ in 0..<depth {
            let size = (0..<4).map { UInt8(truncatingIfNeeded: table.count >> (24 - 8 * $0)) }
            table = [1, 120, 70] + size + table
        }
        let size = (0..<4).map { UInt8(truncatingIfNeeded: table.count >> (24 - 8 * $0)) }
        let properties = [0x20, 0] + size + table
        let fake = try FakeBroker { peer in
            guard peer.login() else { return }
            peer.sendMethod(1, 60, 60, SampleFrames.deliver)
            peer.sendFrame(2, 1, SampleFrames.header.dropLast(2) + properties)
            peer.sendFrame(3, 1, [1, 2, 3, 4])
            peer.sendMethod(1, 60, 60, SampleFrames.deliver)
            peer.sendFrame(2, 1, SampleFrames.header)
            peer.sendFrame(3, 1, [1, 2])
            peer.sendFrame(3, 1, [])
            peer.sendFrame(8, 0, [])
            peer.sendFrame(3, 1, [3, 4])
        }
        try await withConnection(to: [fake.uri]) { connection, recorder in
            _ = try await connection.openChannel()
            let contents = try await recorder.wait("both") { $0.deliveries.count == 1 && $0.skipped.count == 1 }
            #expect(contents.skipped.first?.reason == .unreadableProperties)
            #expect(contents.deliveries.first?.body == ByteBuffer(bytes: [1, 2, 3, 4]))
            await connection.close(timeout: .milliseconds(100))
        }
    }

    @Test func aPeerThatStopsReadingIsCutWithinTheBoundAndDoesNotStopItsNeighbour() async throws {
        let stopped = try FakeBroker { peer in
            if peer.login() { peer.waitForHangUp() }
        }
        let loop = try ConnectionLoop()
        try await withConnection(
            to: [stopped.uri],
            {
                $0.sendStallLimit = .milliseconds(600)
                $0.outputLimit = 64 * 1024
                $0.queueBytes = 32 << 20
            }, on: loop
        ) { connection, recorder in
            let channel = try await connection.openChannel()
            let body = ByteBuffer(repeating: 1, count: 1 << 20)
            var full: RabbitMQError?
            for _ in 0..<200 {
                do throws(RabbitMQError) {
                    try channel.publish(OutgoingMessage(routingKey: "x", body: body))
                } catch {
                    full = error
                    break
                }
            }
            #expect(full?.code == .queueFull)
            // The same thread serves another connection meanwhile.
            let uri = try await SharedBroker.get().uri()
            try await withConnection(to: [uri], on: loop) { neighbour, _ in
                _ = try await neighbour.openChannel().temporaryQueue()
            }
            let contents = try await recorder.wait("end") { !$0.closed.isEmpty }
            #expect(contents.closed.first?.code == .connectionClosed)
            #expect(contents.closed.first?.message.contains("took nothing") == true)
            #expect(contents.unsent.count > 10)
            #expect(contents.unsent.allSatisfy { $0.1.outcome == .notSent })
            #expect(contents.order.last == "closed")
        }
    }
}
