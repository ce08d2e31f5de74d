import Mqant
import NIOCore

/// A push that is written to some of its group's members, and not to the others yet.
struct FanOut {
    let push: EncodedPush
    /// Those who were members when it came.
    let members: [ClientConnection]
    var next: Int
}

/// What takes more than a turn of the loop.
extension Shard {
    /// How often a long push looks at the clock.
    private static let membersBetweenLooks = 64
    /// How long the loop looks at its sockets between two turns with work that waited. Not zero: NIO would run the task
    /// before it looks.
    private static let pause = TimeAmount.microseconds(100)
    /// The same while all that waits waits for other loops.
    private static let longPause = TimeAmount.milliseconds(1)

    /// Has a connection go on in later turns of the loop.
    func goOnLater(_ connection: ClientConnection) {
        eventLoop.assertInEventLoop()
        backlog.append(connection)
        scheduleTurn(in: Self.pause)
    }

    /// Has `body` called in a later turn, when there is time for pushes again.
    func postponePushes(_ body: @escaping () -> Void) {
        eventLoop.assertInEventLoop()
        postponedPushes = body
        scheduleTurn(in: Self.pause)
    }

    private func scheduleTurn(in pause: TimeAmount) {
        guard !isTurnScheduled else { return }
        isTurnScheduled = true
        eventLoop.assumeIsolated().scheduleTask(in: pause) { [self] in
            isTurnScheduled = false
            workOff()
        }
    }

    /// Does what waited, for as long as a turn allows: half of the time is for pushes, so that they and requests do not
    /// keep each other from theirs.
    private func workOff() {
        guard turn.beginLate() else { return scheduleTurn(in: Self.pause) }
        var time = TurnBudget.limit
        if let pushes = postponedPushes {
            postponedPushes = nil
            time = .nanoseconds(time.nanoseconds / 2)
            turn.allow(time)
            pushes()
        }
        turn.allow(time)
        var hasWorked = false
        while !turn.isOver(.now()), let connection = backlog.next() {
            hasWorked = true
            connection.goOn()
        }
        guard !backlog.isEmpty || postponedPushes != nil else { return }
        scheduleTurn(in: hasWorked || postponedPushes != nil ? Self.pause : Self.longPause)
    }

    /// Writes pushes to the members of their groups.
    /// - Returns: false if the turn has no time for more of them: called again, it goes on where it was.
    func writePushes(_ next: () -> EncodedPush?) -> Bool {
        eventLoop.preconditionInEventLoop()
        var now = NIODeadline.now()
        let isPiece = turn.begin(now)
        defer { if isPiece { turn.end(now) } }
        if var fanOut {
            self.fanOut = nil
            let isWritten = write(&fanOut, isResumed: true, &now)
            guard isWritten else { return false }
        }
        while !turn.isOver(now) {
            guard let push = next() else {
                now = .now()
                return true
            }
            guard let members = self.members[push.group] else {
                push.cause?.ended()
                continue
            }
            var fanOut = FanOut(push: push, members: members, next: 0)
            guard write(&fanOut, isResumed: false, &now) else { return false }
        }
        return false
    }

    private func write(_ fanOut: inout FanOut, isResumed: Bool, _ now: inout NIODeadline) -> Bool {
        let push = fanOut.push
        let began = now
        defer {
            // What a session's own requests take on its own loop is measured there.
            if let cause = push.cause, cause !== sender?.account { cause.charge(now - began) }
        }
        while fanOut.next < fanOut.members.count {
            let end = min(fanOut.next + Self.membersBetweenLooks, fanOut.members.count)
            for member in fanOut.members[fanOut.next..<end] {
                // Who left meanwhile has been told so.
                guard !isResumed || member.session?.isMember(of: push.group) == true else { continue }
                if let except = push.except, member.session?.id == except { continue }
                member.write(push)
                if let reason = push.ending { member.close(reason) }
            }
            fanOut.next = end
            now = .now()
            if end < fanOut.members.count, turn.isOver(now) {
                self.fanOut = fanOut
                return false
            }
        }
        push.cause?.ended()
        return true
    }
}
