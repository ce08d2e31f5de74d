import Glibc

/// The loop itself: drain what others have queued, flush, wait, receive. Lives on its thread's stack.
///
/// It owns its connections except while it sleeps in `poll`: then another thread may borrow them (`LoopCore.borrow`).
final class LoopThread {
    private let loop: LoopCore
    private var connections: [ConnectionCore] = []
    /// Of this thread alone: a borrower does not touch it.
    private var descriptors: [pollfd] = []

    init(_ loop: LoopCore) {
        self.loop = loop
    }

    func adopt(_ core: ConnectionCore) {
        connections.append(core)
    }

    func run() {
        loop.claim()
        while let timeout = loop.own(prepare) {
            let ready = poll(&descriptors, nfds_t(descriptors.count), timeout)
            loop.own { serve(ready) }
        }
    }

    /// Does what can be done without waiting.
    /// - Returns: for how long to sleep, in milliseconds, as `poll` takes it; nil: everything is over.
    private func prepare() -> Int32? {
        for opening in loop.takeOpenings() { opening.open(on: self) }
        let now = MonotonicTime.now
        for connection in connections { connection.drain(now) }
        buryFinished()
        if connections.isEmpty && loop.isStopping { return nil }
        prepareDescriptors()
        loop.wakeup.prepareToSleep()
        // After the announcement above: whatever is queued from here on signals.
        var hasWork = loop.hasOpenings || (loop.isStopping && connections.isEmpty)
        var timer = MonotonicTime.distantFuture
        for connection in connections {
            if connection.hasWork() { hasWork = true }
            timer = min(timer, connection.nextTimer)
        }
        for connection in connections { connection.plannedTimer = timer }
        return hasWork ? 0 : timer.pollTimeout(from: .now)
    }

    /// Serves sockets and timers after `poll`, which said that so many descriptors have something.
    private func serve(_ ready: Int32) {
        loop.wakeup.awake(signalled: ready > 0 && descriptors[0].revents != 0)
        let now = MonotonicTime.now
        for (index, connection) in connections.enumerated() {
            let events = ready > 0 ? descriptors[index + 1].revents : 0
            if connection.mayHaveMore || events & ~Int16(POLLOUT) != 0 { connection.receive(now) }
            if events & Int16(POLLOUT) != 0 { connection.flush(now) }
            connection.checkTimers(now)
        }
    }

    private func prepareDescriptors() {
        descriptors.removeAll(keepingCapacity: true)
        descriptors.append(pollfd(fd: loop.wakeup.descriptor, events: Int16(POLLIN), revents: 0))
        for connection in connections {
            let events = connection.transport.awaitsSocket ? POLLIN | POLLOUT : POLLIN
            descriptors.append(pollfd(fd: connection.transport.descriptor, events: Int16(events), revents: 0))
        }
    }

    /// Outside every handler's call, so that nothing dies under the feet of code that uses it.
    private func buryFinished() {
        guard connections.contains(where: { $0.failure != nil }) else { return }
        let finished = connections.filter { $0.failure != nil }
        connections.removeAll { $0.failure != nil }
        for connection in finished {
            connection.finish()
        }
    }
}
