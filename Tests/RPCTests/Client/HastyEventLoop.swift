import Dispatch
import NIOCore

/// An event loop on which a task that is due already has run before `scheduleTask` returns.
///
/// That is what a thread sees that is interrupted between scheduling a timer and noting it down.
final class HastyEventLoop: EventLoop {
    private let base: any EventLoop

    init(_ base: any EventLoop) { self.base = base }

    var inEventLoop: Bool { base.inEventLoop }

    func execute(_ task: @escaping @Sendable () -> Void) { base.execute(task) }

    @discardableResult
    func scheduleTask<T>(deadline: NIODeadline, _ task: @escaping @Sendable () throws -> T) -> Scheduled<T> {
        guard !base.inEventLoop, deadline <= .now() + .milliseconds(1) else {
            return base.scheduleTask(deadline: deadline, task)
        }
        let hasRun = DispatchSemaphore(value: 0)
        let scheduled = base.scheduleTask(deadline: deadline) {
            defer { hasRun.signal() }
            return try task()
        }
        hasRun.wait()
        return scheduled
    }

    @discardableResult
    func scheduleTask<T>(in delay: TimeAmount, _ task: @escaping @Sendable () throws -> T) -> Scheduled<T> {
        scheduleTask(deadline: .now() + delay, task)
    }

    func shutdownGracefully(queue: DispatchQueue, _ callback: @escaping @Sendable ((any Error)?) -> Void) {
        base.shutdownGracefully(queue: queue, callback)
    }
}
