import Glibc

/// The loop itself: drain what others have queued, flush, wait, receive. Lives on its thread's stack.
///
/// It owns its links except while it sleeps in `poll`: then another thread may borrow them (`LoopCore.borrow`).
final class LoopThread {
    private let core: LoopCore
    private var links: [Link] = []
    /// Not the links': of this thread alone.
    private var descriptors: [pollfd] = []

    init(core: LoopCore) {
        self.core = core
    }

    func adopt(_ link: Link) {
        links.append(link)
    }

    func run() {
        core.claim()
        while let timeout = core.own(prepare) {
            let ready = poll(&descriptors, nfds_t(descriptors.count), timeout)
            core.own { serve(ready) }
        }
    }

    /// Does what can be done without waiting.
    /// - Returns: for how long to sleep, in milliseconds, as `poll` takes it; nil: everything is over.
    private func prepare() -> Int32? {
        for opening in core.takeOpenings() { opening.connect(self) }
        let now = MonotonicTime.now
        for link in links { link.drain(now) }
        buryFinished()
        if links.isEmpty && core.isStopping { return nil }
        prepareDescriptors()
        core.wakeup.prepareToSleep()
        // After the announcement above: whatever is queued from here on signals.
        var hasWork = core.hasOpenings || (core.isStopping && links.isEmpty)
        var timer = MonotonicTime.distantFuture
        for link in links {
            if link.hasWork() { hasWork = true }
            timer = min(timer, link.nextTimer)
        }
        for link in links { link.plannedTimer = timer }
        return hasWork ? 0 : timer.pollTimeout(from: .now)
    }

    /// Serves sockets and timers after `poll`, which said that so many descriptors have something.
    private func serve(_ ready: Int32) {
        core.wakeup.awake(signalled: ready > 0 && descriptors[0].revents != 0)
        let now = MonotonicTime.now
        for (index, link) in links.enumerated() {
            let events = ready > 0 ? descriptors[index + 1].revents : 0
            if link.mayHaveMore || events & ~Int16(POLLOUT) != 0 { link.receive(now) }
            if events & Int16(POLLOUT) != 0 { link.attempt { () throws(RabbitMQError) in try link.flush(now) } }
            link.checkTimers(now)
        }
    }

    private func prepareDescriptors() {
        descriptors.removeAll(keepingCapacity: true)
        descriptors.append(pollfd(fd: core.wakeup.descriptor, events: Int16(POLLIN), revents: 0))
        for link in links {
            let events = link.transport.awaitsSocket ? POLLIN | POLLOUT : POLLIN
            descriptors.append(pollfd(fd: link.transport.descriptor, events: Int16(events), revents: 0))
        }
    }

    /// Outside every handler's call, so that nothing dies under the feet of code that uses it.
    private func buryFinished() {
        guard links.contains(where: { $0.failure != nil }) else { return }
        let finished = links.filter { $0.failure != nil }
        links.removeAll { $0.failure != nil }
        for link in finished {
            link.finish()
            link.connection.detach()
        }
    }
}
