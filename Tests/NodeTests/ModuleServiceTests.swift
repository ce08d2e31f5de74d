import Logging
import ServiceLifecycle
import Testing

@testable import MqantServer

/// An instance that does not end in time is named, with what it is at.
@Suite(.timeLimit(.minutes(1))) struct ModuleServiceTests {
    private typealias Hang = @Sendable () async -> Void

    /// Runs an instance that is told to end, and is cancelled once it hangs.
    ///
    /// - Parameters:
    ///   - run: Its `run()`; it calls what it is given to hang until it is cancelled.
    ///   - shutdown: Its `shutdown()`, likewise.
    /// - Returns: the phases in which it was cut short.
    private func phases(
        run: @escaping @Sendable (Hang) async throws -> Void, shutdown: @escaping @Sendable (Hang) async -> Void
    ) async -> [ModuleFailure.Phase] {
        let (phases, cut) = AsyncStream.makeStream(of: ModuleFailure.Phase.self)
        let (hangs, began) = AsyncStream.makeStream(of: Void.self)
        let hang: Hang = {
            began.yield()
            let (never, _) = AsyncStream.makeStream(of: Never.self)
            for await _ in never {}
        }
        let (starts, started) = AsyncStream.makeStream(of: Void.self)
        let service = ModuleService("slow") {
            started.finish()
            try await run(hang)
        } shutdown: {
            await shutdown(hang)
        } cutShort: {
            cut.yield($0)
        }
        let group = ServiceGroup(services: [service], logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        await withTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                try? await group.run()
                began.finish()
            }
            for await _ in starts {}
            await group.triggerGracefulShutdown()
            for await _ in hangs { tasks.cancelAll() }
        }
        cut.finish()
        return await phases.reduce(into: []) { $0.append($1) }
    }

    @Test func aRunThatDoesNotReturn() async {
        let phases = await phases { hang in
            try await gracefulShutdown()
            await hang()
        } shutdown: { _ in
        }
        #expect(phases == [.run])
    }

    @Test func aShutdownThatDoesNotReturn() async {
        let phases = await phases { _ in
            try await gracefulShutdown()
        } shutdown: { hang in
            await hang()
        }
        #expect(phases == [.shutdown])
    }

    @Test func anEndInTimeIsNotNamed() async {
        let phases = await phases { _ in
            try await gracefulShutdown()
        } shutdown: { _ in
        }
        #expect(phases == [])
    }

    private func group(_ run: @escaping @Sendable () async throws -> Void) -> ServiceGroup {
        let service = ModuleService("sleeper", run: run, shutdown: {}, cutShort: { _ in })
        return ServiceGroup(services: [service], logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    @Test func aSleepThatTheShutdownCancelsIsNoFailure() async throws {
        let (starts, started) = AsyncStream.makeStream(of: Void.self)
        let group = group {
            try await cancelWhenGracefulShutdown {
                started.finish()
                try await Task.sleep(for: .seconds(3600))
            }
        }
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            for await _ in starts {}
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    @Test func aCancellationOfItsOwnIsAFailure() async {
        let group = group { throw CancellationError() }
        let failure = await #expect(throws: ModuleFailure.self) { try await group.run() }
        #expect(failure?.phase == .run)
    }
}
