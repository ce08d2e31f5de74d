import Mqant
import MqantMQTT
import NIOCore

/// One client's connection: bytes in, packets through the session's rules, requests to modules, replies and pushes out.
///
/// The last handler of its channel's pipeline, whether the bytes come by TCP, TLS or WebSocket.
/// `@unchecked Sendable`: everything is touched on `shard.eventLoop` only, but for the constants.
final class ClientConnection: ChannelInboundHandler, @unchecked Sendable {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// A membership of a group.
    struct Membership {
        /// The place among the shard's members.
        var index: Int
        var presence: Presence?
        /// Who was told of it.
        var audience = PresenceReporter.Audience()
        /// Keeps the Gate subscribed to the group; the end of this membership gives it back.
        let hold: GroupHold
    }

    let gate: GateState
    let shard: Shard
    /// This connection's place in its shard.
    var shardIndex = -1

    var context: ChannelHandlerContext?
    var decoder: PacketDecoder
    var mqtt: ServerSession
    private var clientID = ""
    /// The session's state, lent to every request; nil before CONNECT.
    var box: SessionBox?
    var memberships: [GroupName: Membership] = [:]
    var requests = RequestLine()
    var isForwarding = false
    /// True once the Gate shuts down: what comes now is neither acknowledged nor done.
    var isFinishing = false
    /// While the session is about to become a user's: the user's group.
    var bindingGroup: GroupName? {
        didSet {
            guard bindingGroup == nil, !bindingWaiters.isEmpty else { return }
            let waiters = bindingWaiters
            bindingWaiters = []
            for waiter in waiters { waiter.resume() }
        }
    }
    /// Who would bind it next.
    var bindingWaiters: [CheckedContinuation<Void, Never>] = []

    /// Bytes that are not taken in yet.
    var held = HeldInput()
    /// What the pushes that its requests caused cost the Gate.
    let account = WorkAccount()
    /// Time that it took beyond its share while others waited.
    var debt = TimeAmount.zero
    /// True while it waits in the backlog of its shard.
    var isQueued = false
    /// True while nothing is read from its socket.
    var isPaused = false
    /// True while the client does not take what is written to it.
    var isBlocked = false
    /// True if requests in its line wait for a later turn of the loop, and not for answers.
    var isForwardingLate = false
    /// True once its channel has ended while it still waits in the backlog: what its client sent before is done first.
    private(set) var isGone = false
    /// True if it was silent, or took nothing, for too long when it was last looked at.
    private var isOverdue = false

    /// Bytes that are not handed to the channel yet.
    var output = ByteBuffer()
    var isReading = false
    var isFlushPlanned = false
    /// True if something was written that waits for no answer of a module: all of the output leaves now.
    var isUrgent = false
    /// While acknowledgements wait for the answer of a request: for how long at most.
    var heldUntil: NIODeadline?
    private(set) var isClosed = false

    /// When the client was last heard; before its CONNECT, when its time for that began.
    var lastRead: NIODeadline
    var writeProgress = WriteProgress()
    private var address: SocketAddress?

    init(gate: GateState, shard: Shard) {
        self.gate = gate
        self.shard = shard
        decoder = PacketDecoder(maximumPacketSize: gate.configuration.maximumPacketSize)
        mqtt = ServerSession(configuration: gate.sessionConfiguration)
        lastRead = .now()
    }

    // MARK: Channel events

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        address = context.remoteAddress
        lastRead = .now()
        shard.add(self)
    }

    func channelActive(context: ChannelHandlerContext) {
        address = context.remoteAddress
        context.fireChannelActive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        if !isGone { end(.clientClosed) }
        self.context = nil
    }

    func channelInactive(context: ChannelHandlerContext) {
        if isQueued, !isBlocked, !isClosed {
            isGone = true
        } else {
            end(.clientClosed)
        }
        context.fireChannelInactive()
    }

    /// Ends the connection whose channel ended before all that its client had sent was done.
    func finishGone() { end(.clientClosed) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isClosed, !isFinishing else { return }
        let now = NIODeadline.now()
        // Before CONNECT nothing postpones the deadline.
        if mqtt.isConnected { lastRead = now }
        isReading = true
        take(unwrapInboundIn(data), now)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        readCompleted()
        context.fireChannelReadComplete()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        outputChanged(isWritable: context.channel.isWritable)
        context.fireChannelWritabilityChanged()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        close(.transportError(error))
    }

    // MARK: Packets

    func receive(_ packet: Packet) throws(MQTTError) {
        let written = output.readableBytes
        switch try mqtt.receive(packet, replies: &output) {
        case .none: break
        case .publish(let publish): return receive(publish)
        case .connected(let connect): try accept(connect)
        case .refused(let code): close(.refused(code))
        case .disconnect: close(.clientDisconnected)
        }
        if output.readableBytes > written {
            isUrgent = true
            flushIfLarge()
        }
    }

    private func accept(_ connect: Connect) throws(MQTTError) {
        let state = SessionState(id: SessionID(), gate: gate.context.instance)
        box = SessionBox(state)
        clientID = connect.clientID.nfc
        lastRead = .now()
        try mqtt.accept(replies: &output)
        let older = gate.sessions.add(self, id: state.id, clientID: clientID)
        older?.shard.eventLoop.execute { older?.close(.takenOver) }
    }

    // MARK: End

    /// Ends the connection, having written what was to be written.
    func close(_ reason: CloseReason) {
        guard !isClosed else { return }
        if case .stalled = reason { gate.statistics.countStalled() } else { flush(always: true) }
        // A write may fail, and so end the connection.
        let context = context
        end(reason)
        context?.close(promise: nil)
    }

    private func end(_ reason: CloseReason) {
        guard !isClosed else { return }
        isClosed = true
        gate.endings.ended(
            reason, address: address, clientID: clientID, userID: box?.state.userID ?? "", session: box?.state.id)
        shard.inputShare.giveBack(held.counted)
        held = HeldInput()
        output = ByteBuffer()
        shard.requestShare.giveBack(requests.removeAll())
        bindingGroup = nil
        leaveAllGroups()
        shard.remove(self)
        if let box { gate.sessions.remove(self, id: box.state.id, clientID: clientID) }
    }

    /// Cuts the connection off if its client was silent, or did not read, for too long.
    ///
    /// Whoever is overdue is looked at again first: the loop may have been busy, and his bytes are read in between.
    func checkTimeouts(now: NIODeadline) {
        guard let context, !isClosed else { return }
        let reason = overdueReason(context, now)
        defer { isOverdue = reason != nil }
        if let reason, isOverdue { close(reason) }
    }

    private func overdueReason(_ context: ChannelHandlerContext, _ now: NIODeadline) -> CloseReason? {
        if writeProgress.isPending,
            writeProgress.isStalled(context.channel, now: now, limit: TimeAmount(gate.mqtt.writeTimeout))
        {
            return .stalled
        }
        // Whose bytes are not read is not silent.
        guard !isPaused else { return nil }
        let patience = TimeAmount(gate.configuration.handshakeTimeout)
        guard mqtt.isConnected else { return now - lastRead > patience ? .handshakeTimeout : nil }
        if now - lastRead > TimeAmount(mqtt.idleLimit ?? gate.mqtt.readTimeout) { return .silent }
        let isSlow = held.isTooSlow(now: now, patience: patience, least: gate.configuration.minimumPacketSpeed)
        return isSlow ? .slowPacket : nil
    }
}

extension GateState {
    /// `WirteLoopChanNum` bounds what a client may leave unacknowledged.
    var sessionConfiguration: ServerSession.Configuration {
        ServerSession.Configuration(
            inFlightWindow: mqtt.writeQueueLength, queuedBytes: configuration.writeBufferLimit)
    }
}
