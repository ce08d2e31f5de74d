import Mqant
import MqantMQTT
import NIOCore

/// A client's bytes become packets, as many in a turn of the loop as its share of time allows.
extension ClientConnection: BacklogMember, TimeoutWheelMember {
    /// Packets that are answered at once by MQTT's rules alone, in a turn whose time is used up.
    private static let lightPackets = 8

    var mayWork: Bool { session?.mayWork ?? true }

    /// True if requests of its client wait for a later turn of the loop, and not for answers.
    private var isForwardingLate: Bool { session?.isForwardingLate ?? false }

    func leavesBacklog() -> Bool {
        guard isClosed || isBlocked else { return false }
        isQueued = false
        return true
    }

    /// Takes in what was read.
    func take(_ read: ByteBuffer, _ now: NIODeadline) {
        var read = read
        guard !isQueued, !isBlocked else {
            held.append(&read)
            return countHeld()
        }
        let isNew = held.isEmpty
        if !isNew {
            held.append(&read)
            read = held.take()
        }
        takePackets(read, isNew: isNew, now)
    }

    /// Takes packets off the front of bytes, and holds the rest.
    private func takePackets(_ bytes: ByteBuffer, isNew: Bool, _ began: NIODeadline) {
        var bytes = bytes
        var count = 0
        var hasTime = true
        let isPiece = shard.turn.begin(began)
        do throws(MQTTError) {
            hasTime = mayGoOn(bytes, count, began, began)
            while hasTime, !isClosed, let packet = try decoder.next(from: &bytes) {
                try receive(packet)
                count += 1
                guard bytes.readableBytes > 0 else { break }
                hasTime = mayGoOn(bytes, count, began, .now())
            }
        } catch {
            close(.protocolError(error))
        }
        let now = NIODeadline.now()
        if isPiece { shard.turn.end(now) }
        guard !isClosed else { return }
        if bytes.readableBytes > 0 {
            held.hold(bytes, isNew: isNew || count > 0, now: now)
            watch()
        } else if !isNew {
            held.clear()
        }
        if held.counted != held.cost { countHeld() }
        guard !isClosed, !hasTime || isForwardingLate else { return }
        wait()
    }

    /// Whether the next packet may be taken in this turn.
    private func mayGoOn(_ bytes: ByteBuffer, _ count: Int, _ began: NIODeadline, _ now: NIODeadline) -> Bool {
        guard !isBlocked, !isForwardingLate, now - began < TurnBudget.share else { return false }
        guard shard.turn.isOver(now) else { return mayWork }
        // Whoever used the time up: a ping is answered.
        return count < Self.lightPackets && bytes.beginsWithLightPacket
    }

    /// Reads nothing more until what has been read is done.
    private func wait() {
        setReading(false)
        // Its output's end wakes it.
        guard !isBlocked else { return }
        goOnLater()
    }

    /// The same, if no read is under way: its end looks at this.
    func waitUnlessReading() {
        if !output.isReading { wait() }
    }

    /// Has it go on in a later turn of the loop.
    func goOnLater() {
        guard !isQueued else { return }
        isQueued = true
        shard.goOnLater(self)
    }

    /// Goes on with what waited, for as long as one connection may.
    func goOn() {
        let began = NIODeadline.now()
        output.beginRead(&shard.spareOutput)
        // In one piece, so that its time is measured as one.
        let isPiece = shard.turn.begin(began)
        isQueued = false
        session?.forward()
        if !isClosed, !isForwardingLate, !held.isEmpty { takePackets(held.take(), isNew: false, began) }
        if !isClosed, isForwardingLate { wait() }
        let now = NIODeadline.now()
        if isPiece { shard.turn.end(now) }
        debt = max(.zero, debt + (now - began) + (session?.account.take() ?? .zero) - TurnBudget.share)
        readCompleted()
        guard !isClosed, !isQueued, !isBlocked else { return }
        debt = .zero
        if isGone { return finishGone() }
        // Its time of silence begins when its words are read.
        heard(now)
        setReading(true)
    }

    /// Stops or resumes reading from the socket: while its bytes stay there, TCP holds the client back.
    func setReading(_ reads: Bool) {
        guard isPaused == reads, let context else { return }
        isPaused = !reads
        watch()
        try? context.channel.syncOptions?.setOption(.autoRead, value: reads)
    }

    /// NIO keeps this much of a frame that is not whole.
    func framingHolds(_ bytes: Int, isNew: Bool) {
        guard !isClosed, bytes > 0 || held.framing > 0 else { return }
        let now = NIODeadline.now()
        heard(now)
        held.framingHolds(bytes, isNew: isNew, now: now)
        watch()
        if held.counted != held.cost { countHeld() }
    }

    /// Counts what is held for the Gate's bound, or ends the connection whose packet comes most slowly.
    private func countHeld() {
        let cost = held.cost
        if cost > held.counted, !shard.takeInput(cost - held.counted, for: self) { return }
        if cost < held.counted { shard.inputShare.giveBack(held.counted - cost) }
        held.counted = cost
    }
}

extension ByteBuffer {
    /// Whether the next packet asks nothing of anybody but MQTT's rules: PINGREQ, DISCONNECT and what acknowledges.
    fileprivate var beginsWithLightPacket: Bool {
        switch getInteger(at: readerIndex, as: UInt8.self).map({ $0 >> 4 }) {
        case 4, 5, 6, 7, 12, 14: true
        default: false
        }
    }
}
