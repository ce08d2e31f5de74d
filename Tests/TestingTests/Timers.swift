import MqantTesting
import ServiceLifecycle

/// A module with one of every kind of timer.
struct Timers: Module {
    static let type: ModuleType = "Timers"

    private let context: ModuleContext
    private let beats = AsyncStream<Pace>.makeStream()

    init(settings: UncheckedSettings, context: ModuleContext) { self.context = context }

    func register(on server: RPCServer) throws {
        // Answered after a while.
        try server.register("Handler_Nap") { (session: Session, milliseconds: Int) in
            let began = context.clock.now
            try await context.clock.sleep(for: .milliseconds(milliseconds))
            return Double((context.clock.now - began) / .milliseconds(1))
        }
        // Answered at once; a message comes later.
        try server.register("Handler_Remind") { (session: Session, milliseconds: Int) in
            Task {
                try await context.clock.sleep(for: .milliseconds(milliseconds))
                try await session.send(topic: "Timers/OnRemind", body: context.json(milliseconds))
            }
        }
        // Asks somebody who does not answer.
        try server.register("Handler_Ask") { (session: Session, milliseconds: Int) in
            try await context.call(.instance(context.instance), "silence", timeout: .milliseconds(milliseconds))
        }
        try server.register("silence") { () in try await context.clock.sleep(for: .seconds(2)) }
        try server.register("Handler_Watch") { (session: Session) in
            try await session.join(GroupName(validating: "beats"))
        }
    }

    func run() async throws {
        let group = try GroupName(validating: "beats")
        let began = context.clock.now
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                try await context.every(.milliseconds(50)) { pace in
                    let beat = Beat(
                        run: Int(pace.runs), overruns: Int(pace.overruns),
                        milliseconds: Int((context.clock.now - began) / .milliseconds(1)))
                    context.push(to: group, topic: "Timers/OnBeat", body: try context.json(beat))
                }
            }
            tasks.addTask {
                try await cancelWhenGracefulShutdown {
                    while (try? await context.clock.sleep(for: .milliseconds(120))) != nil {
                        context.push(to: group, topic: "Timers/OnTick", body: try context.json("tick"))
                    }
                }
            }
            try await tasks.waitForAll()
        }
    }

    struct Beat: Codable, Hashable {
        var run: Int
        var overruns: Int
        var milliseconds: Int
    }
}
