import Foundation
import MqantRPC
import MqantRabbitMQTestSupport
import NIOCore
import Testing

/// Every status that `mqantserver call` documents, of calls to a module in Swift.
@Suite(.timeLimit(.minutes(3)), .serialized) struct CallStatusTests {
    private func call(_ conf: String, _ arguments: String...) throws -> ServerProcess {
        try ServerProcess(["call", "--conf", conf] + arguments)
    }

    /// It ended with this status, said why in one line, and printed nothing else.
    private func expect(
        _ result: ServerProcess.Result, _ status: Int32, _ text: String, location: SourceLocation = #_sourceLocation
    ) {
        #expect(result.status == status, "\(result.errors)", sourceLocation: location)
        #expect(result.errors.contains(text), "\(result.errors)", sourceLocation: location)
        #expect(result.errors.split(separator: "\n").count == 1, "\(result.errors)", sourceLocation: location)
        #expect(result.output.isEmpty, sourceLocation: location)
    }

    @Test func resultsAndErrorsOfAModuleInSwift() async throws {
        try await WorkNode.run { _, conf in
            let bytes = try await call(conf, "Work", "bytes").result()
            #expect(bytes.status == 0)
            #expect(bytes.bytes == Array(WorkNode.bytes.readableBytesView), "as they are, without a line's end")
            try await expect(call(conf, "Work", "fail").result(), 6, "remote: no luck today")
            try await expect(call(conf, "Work", "odd").result(), 11, "cancelled: never mind")
            try await expect(call(conf, "Work", "nothing").result(), 4, "function-not-found: Remote function(nothing)")
        }
    }

    @Test func noAnswerWithinTheTimeout() async throws {
        try await WorkNode.run { work, conf in
            let (clock, began) = (ContinuousClock(), ContinuousClock.now)
            let process = try call(conf, "--timeout", "2", "Work", "wait")
            await work.running()
            let ran = clock.now
            try await expect(process.result(), 7, "timeout: wait did not answer in time")
            #expect(clock.now - began >= .seconds(2))
            #expect(clock.now - ran < .seconds(7), "2 s, and not the 10 s that it takes without --timeout")
        }
    }

    @Test func aCalleeThatIsFull() async throws {
        try await WorkNode.run { configuration in
            configuration.maxInFlight = 1
            configuration.maxWaiting = 0
        } _: { work, conf in
            let first = try call(conf, "--timeout", "3", "Work", "wait")
            await work.running()
            try await expect(call(conf, "Work", "fail").result(), 8, "overloaded: Work is overloaded")
            #expect(try await first.result().status == 7)
        }
    }

    @Test func aCalleeThatDies() async throws {
        try await WorkNode.run { work, conf in
            let process = try call(conf, "--timeout", "30", "Work", "wait")
            await work.running()
            let died = ContinuousClock.now
            await work.die()
            try await expect(process.result(), 9, "interrupted: the process that held wait is gone")
            #expect(ContinuousClock.now - died < .seconds(10), "2 s, on an idle machine")
        }
    }

    @Test func aConnectionThatIsLost() async throws {
        let broker = try await SharedBroker.get()
        let user = "caller"
        try await broker.ctl("add_user", user, user)
        try await broker.ctl("set_permissions", user, ".*", ".*", ".*")
        try await WorkNode.run(user: user) { work, conf in
            let process = try call(conf, "--timeout", "60", "Work", "wait")
            await work.running()
            // The end of one ends the other, which rabbitmqctl may then find gone, and complain.
            _ = try? await broker.ctl("close_all_user_connections", user, "a test")
            try await expect(
                process.result(), 10, "disconnected: the connection to the broker was lost while wait was out")
        }
    }
}
