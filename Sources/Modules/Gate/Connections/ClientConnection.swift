import MQTT
import Mqant
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
    }

    private let permit: ConnectionPermit
    let gate: GateState
    let shard: Shard
    /// This connection's place in its shard.
    var shardIndex = -1

    var context: ChannelHandlerContext?
    private var decoder: PacketDecoder
    var mqtt: ServerSession
    private var clientID = ""
    /// The session's state, lent to every request; nil before CONNECT.
    var box: SessionBox?
    var memberships: [GroupName: Membership] = [:]
    var requests = RequestLine()
    var isForwarding = false
    /// True once the Gate shuts down: what comes now is neither acknowledged nor done.
    var isFinishing = false
    /// True while the session is about to become a user's.
    var isBinding = false {
        didSet {
            guard !isBinding, !bindingWaiters.isEmpty else { return }
            let waiters = bindingWaiters
            bindingWaiters = []
            for waiter in waiters { waiter.resume() }
        }
    }
    /// Who would bind it next.
    var bindingWaiters: [CheckedContinuation<Void, Never>] = []

    /// Bytes of an incomplete packet.
    private var input: ByteBuffer?
    /// Bytes that are not handed to the channel yet.
    private var output = ByteBuffer()
    private var isReading = false
    private var isFlushPlanned = false
    /// True if something was written that waits for no answer of a module: all of the output leaves now.
    private var isUrgent = false
    /// While acknowledgements wait for the answer of a request: for how long at most.
    private(set) var heldUntil: NIODeadline?
    private(set) var isClosed = false

    /// When the client was last heard; before its CONNECT, when its time for that began.
    private var lastRead: NIODeadline
    private var writeProgress = WriteProgress()

    init(gate: GateState, shard: Shard, permit: ConnectionPermit) {
        self.gate = gate
        self.shard = shard
        self.permit = permit
        decoder = PacketDecoder(maximumPacketSize: gate.configuration.maximumPacketSize)
        mqtt = ServerSession(configuration: gate.sessionConfiguration)
        lastRead = .now()
    }

    // MARK: Channel events

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        lastRead = .now()
        shard.add(self)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        end()
        self.context = nil
    }

    func channelInactive(context: ChannelHandlerContext) {
        log(.clientClosed)
        end()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isClosed, !isFinishing else { return }
        // Before CONNECT nothing postpones the deadline.
        if mqtt.isConnected { lastRead = .now() }
        isReading = true
        var bytes = unwrapInboundIn(data)
        if var held = input {
            input = nil
            held.writeBuffer(&bytes)
            bytes = held
        }
        do throws(MQTTError) {
            while !isClosed, let packet = try decoder.next(from: &bytes) { try receive(packet) }
            if !isClosed, bytes.readableBytes > 0 {
                bytes.discardReadBytes()
                input = bytes
            }
        } catch {
            close(.protocolError(error))
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        isReading = false
        if isUrgent || requests.outstanding == 0 {
            flush()
        } else if heldUntil == nil, output.readableBytes > 0 {
            let limit = NIODeadline.now() + HeldOutput.limit
            heldUntil = limit
            shard.flush(self, heldUntil: limit)
        }
        context.fireChannelReadComplete()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        close(.transportError(error))
    }

    // MARK: Packets

    private func receive(_ packet: Packet) throws(MQTTError) {
        let written = output.readableBytes
        switch try mqtt.receive(packet, replies: &output) {
        case .none: break
        case .publish(let publish): return receive(publish)
        case .connected(let connect): try accept(connect)
        case .refused(let code): close(.refused(code))
        case .disconnect: close(.clientDisconnected)
        }
        if output.readableBytes > written { isUrgent = true }
    }

    private func accept(_ connect: Connect) throws(MQTTError) {
        let state = SessionState(id: SessionID(), gate: gate.context.instance)
        box = SessionBox(state)
        clientID = connect.clientID
        lastRead = .now()
        try mqtt.accept(replies: &output)
        let older = gate.sessions.add(self, id: state.id, clientID: clientID)
        older?.shard.eventLoop.execute { older?.close(.takenOver) }
    }

    // MARK: Output

    /// Writes bytes, at the latest at the end of this turn of the loop.
    func write(_ bytes: (inout ByteBuffer) throws(MQTTError) -> Void) throws(MQTTError) {
        guard !isClosed else { return }
        try bytes(&output)
        planFlush()
    }

    /// Writes a push to a group.
    func write(_ push: EncodedPush) {
        guard !isClosed, mqtt.isConnected else { return }
        if let packet = push.packet {
            if output.readableBytes == 0, let context {
                // The same bytes for every member: no copy.
                send(packet, context)
            } else {
                output.writeImmutableBuffer(packet)
                planFlush()
            }
            return
        }
        do throws(MQTTError) {
            try write { output throws(MQTTError) in
                try mqtt.push(topic: push.topic, payload: push.payload, qos: push.qos, into: &output)
            }
        } catch {
            close(error.code == .queueFull ? .stalled : .protocolError(error))
        }
    }

    /// Has what was written flushed at the end of this turn of the loop.
    func planFlush() {
        isUrgent = true
        guard !isReading, !isFlushPlanned else { return }
        isFlushPlanned = true
        shard.flushLater(self)
    }

    /// Hands what was written to the channel.
    func flush() {
        isFlushPlanned = false
        isUrgent = false
        heldUntil = nil
        guard output.readableBytes > 0, let context else { return }
        let bytes = output
        output = ByteBuffer()
        send(bytes, context)
    }

    /// Hands bytes to the channel. What waits there before them is bounded by the channel's high-water mark, which is
    /// the configured limit: one message of any size may wait, but nothing behind more than the limit.
    private func send(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
        guard context.channel.isWritable else { return close(.stalled) }
        writeProgress.began()
        context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
    }

    // MARK: End

    /// Ends the connection, having written what was to be written.
    func close(_ reason: CloseReason) {
        guard !isClosed else { return }
        log(reason)
        if case .stalled = reason { gate.statistics.countStalled() } else { flush() }
        let context = context
        end()
        context?.close(promise: nil)
    }

    private func end() {
        guard !isClosed else { return }
        isClosed = true
        input = nil
        output = ByteBuffer()
        requests.removeAll()
        isBinding = false
        leaveAllGroups()
        shard.remove(self)
        permit.giveBack()
        if let userID = box?.state.userID, !userID.isEmpty { gate.users.release(userID, self) }
        if let box { gate.sessions.remove(self, id: box.state.id, clientID: clientID) }
    }

    private func log(_ reason: CloseReason) {
        guard !isClosed else { return }
        gate.logger.debug(
            "connection ends",
            metadata: ["session": "\(box.map { $0.state.id.description } ?? "-")", "reason": "\(reason)"])
    }

    /// Cuts the connection off if its client was silent, or did not read, for too long.
    func checkTimeouts(now: NIODeadline) {
        guard let context else { return }
        guard mqtt.isConnected else {
            if now - lastRead > TimeAmount(gate.configuration.handshakeTimeout) { close(.handshakeTimeout) }
            return
        }
        let limit = mqtt.idleLimit ?? gate.mqtt.readTimeout
        if now - lastRead > TimeAmount(limit) { return close(.silent) }
        if writeProgress.isPending,
            writeProgress.isStalled(context.channel, now: now, limit: TimeAmount(gate.mqtt.writeTimeout))
        {
            close(.stalled)
        }
    }
}

extension GateState {
    /// `WirteLoopChanNum` bounds what a client may leave unacknowledged.
    var sessionConfiguration: ServerSession.Configuration {
        ServerSession.Configuration(
            inFlightWindow: mqtt.writeQueueLength, queuedBytes: configuration.writeBufferLimit)
    }
}
