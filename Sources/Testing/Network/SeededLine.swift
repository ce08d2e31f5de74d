import DequeModule
import NIOCore
import Synchronization

/// Things that happen one after the other, in order, each after a delay, on one event loop.
final class SeededLine: Sendable {
    private struct Step: Sendable {
        var due: NIODeadline
        var action: @Sendable () -> Void
        var otherwise: @Sendable () -> Void
    }

    private struct State {
        var generator: SeededGenerator
        var pending: Deque<Step> = []
        var lastDue = NIODeadline.uptimeNanoseconds(0)
        var isScheduled = false
        var isClosed = false
    }

    private let state: Mutex<State>
    private let loop: any EventLoop
    private let hasDelays: Bool

    init(seed: UInt64, name: String, loop: any EventLoop, hasDelays: Bool) {
        state = Mutex(State(generator: SeededGenerator(seed: seed, name: name)))
        self.loop = loop
        self.hasDelays = hasDelays
    }

    /// Has `action` happen after all that came before it; never on the caller's stack.
    /// - Parameter otherwise: called instead if the line is closed before the time of `action`; for what somebody waits for.
    func append(otherwise: @escaping @Sendable () -> Void = {}, _ action: @escaping @Sendable () -> Void) {
        enum Decision {
            case nothing
            case schedule(NIODeadline)
            case giveUp
        }
        let decision: Decision = state.withLock { state in
            guard !state.isClosed else { return .giveUp }
            state.lastDue = max(state.lastDue, .now() + (hasDelays ? Self.delay(&state.generator) : .zero))
            state.pending.append(Step(due: state.lastDue, action: action, otherwise: otherwise))
            defer { state.isScheduled = true }
            return state.isScheduled ? .nothing : .schedule(state.lastDue)
        }
        switch decision {
        case .nothing: break
        case .schedule(let due): schedule(due)
        case .giveUp: otherwise()
        }
    }

    /// Draws a random decision of this line.
    func decide<Decision>(_ body: (inout SeededGenerator) -> Decision) -> Decision {
        state.withLock { body(&$0.generator) }
    }

    /// Returns once all that was appended before has happened.
    func flush() async {
        await withCheckedContinuation { continuation in
            append(otherwise: { continuation.resume() }) { continuation.resume() }
        }
    }

    /// Gives up all that has not happened yet. What happens at the moment goes on.
    func stop() {
        let steps = state.withLock { state in
            defer { state.pending = [] }
            state.isClosed = true
            return state.pending
        }
        for step in steps { step.otherwise() }
    }

    /// The same. After the return nothing of this line happens any more.
    func close() async {
        stop()
        // Whatever is happening right now happens on the loop.
        try? await loop.submit {}.get()
    }

    private func schedule(_ due: NIODeadline) {
        if due <= .now() {
            loop.execute { self.drain() }
        } else {
            loop.scheduleTask(deadline: due) { self.drain() }
        }
    }

    private func drain() {
        // Bounded, so that a busy line leaves the loop to others.
        for _ in 0..<64 {
            let now = NIODeadline.now()
            let action = state.withLock { state -> (@Sendable () -> Void)? in
                guard let first = state.pending.first, first.due <= now else { return nil }
                return state.pending.removeFirst().action
            }
            guard let action else { break }
            action()
        }
        let next: NIODeadline? = state.withLock { state in
            state.isScheduled = !state.pending.isEmpty
            return state.pending.first?.due
        }
        if let next { schedule(next) }
    }

    /// Mostly none, often below a millisecond, now and then several.
    private static func delay(_ generator: inout SeededGenerator) -> TimeAmount {
        switch Int.random(in: 0..<10, using: &generator) {
        case 0..<6: .zero
        case 6..<9: .microseconds(Int64.random(in: 0...800, using: &generator))
        default: .milliseconds(Int64.random(in: 1...5, using: &generator))
        }
    }
}
