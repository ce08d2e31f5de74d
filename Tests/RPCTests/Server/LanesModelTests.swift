import MqantTransportContract
import Testing

@testable import MqantRPC

/// Random jobs against the rules, step by step.
@Suite("Lanes against a model") struct LanesModelTests {
    private struct Job: Hashable {
        var number: Int
        var lane: LaneID
    }

    private struct Model {
        var running: [Job] = []
        var waiting: [Job] = []

        func mayRun(_ job: Job) -> Bool {
            job.lane == .none || !running.contains { $0.lane == job.lane }
        }
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func keepsTheRules(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let maxRunning = Int.random(in: 1...6, using: &random)
        let maxWaiting = Int.random(in: 0...12, using: &random)
        let ids: [LaneID] = [.none, .serial] + (0..<4).map { _ in .session(SessionID()) }
        var lanes = Lanes<Job>(maxRunning: maxRunning, maxWaiting: maxWaiting)
        var model = Model()
        for number in 0..<2000 {
            if Int.random(in: 0..<9, using: &random) < 5 {
                let job = Job(number: number, lane: try #require(ids.randomElement(using: &random)))
                switch lanes.admit(job, to: job.lane) {
                case .run:
                    #expect(model.running.count < maxRunning)
                    #expect(model.mayRun(job))
                    #expect(job.lane == .none || !model.waiting.contains { $0.lane == job.lane }, "it overtook")
                    model.running.append(job)
                case .wait:
                    #expect(model.waiting.count < maxWaiting)
                    #expect(model.running.count == maxRunning || !model.mayRun(job), "it waits for nothing")
                    model.waiting.append(job)
                case .overloaded:
                    #expect(model.waiting.count == maxWaiting)
                }
            } else if let index = model.running.indices.randomElement(using: &random) {
                let ended = model.running.remove(at: index)
                if let next = lanes.finish(ended.lane) {
                    #expect(model.mayRun(next))
                    let first = model.waiting.first { $0.lane == next.lane }
                    #expect(first == next, "jobs of a lane, and those without one, keep their order")
                    model.waiting.removeAll { $0 == next }
                    model.running.append(next)
                } else {
                    #expect(!model.waiting.contains { model.mayRun($0) }, "a job that may run was left behind")
                }
            }
            #expect(lanes.running == model.running.count)
            #expect(lanes.waiting == model.waiting.count)
        }
        while let ended = model.running.popLast() {
            if let next = lanes.finish(ended.lane) {
                model.waiting.removeAll { $0 == next }
                model.running.append(next)
            }
        }
        #expect(model.waiting.isEmpty)
        #expect(lanes.isIdle)
        for id in ids { #expect(!lanes.isBusy(id)) }
    }
}
