import Mqant
import MqantMQTT
import NIOCore

/// One client's connection: bytes in, packets through the protocol's rules, and bytes out.
///
/// The last handler of its channel's pipeline, whether the bytes come by TCP, TLS or WebSocket.
/// `@unchecked Sendable`: everything is touched on `shard.eventLoop` only, but for the constants.
final class ClientConnection: ChannelInboundHandler, @unchecked Sendable {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    let services: GateServices
    let shard: Shard
    /// This connection's place among those of its shard.
    var wheelPlace = TimeoutPlace.none

    private(set) var context: ChannelHandlerContext?
    private var origin: ClientOrigin
    /// Nil before the client is let in, and after the end.
    private(set) var session: ClientSession?

    var mqtt: ServerSession
    var decoder: PacketDecoder
    /// Bytes that are not taken in yet.
    var held = HeldInput()
    /// Time that it took beyond its share while others waited.
    var debt = TimeAmount.zero
    /// True while it waits in the backlog of its shard.
    var isQueued = false
    /// True while nothing is read from its socket.
    var isPaused = false
    /// Bytes that are not handed to the channel yet.
    var output = ConnectionOutput()
    /// Whether the client takes them.
    var writeProgress = WriteProgress()

    private(set) var isClosed = false
    /// True once its channel has ended while it still waits in the backlog: what its client sent before is done first.
    private(set) var isGone = false
    /// True once the Gate shuts down: what comes now is neither acknowledged nor done.
    private var isFinishing = false
    /// When the client was last heard; before its CONNECT, when its time for that began.
    private var lastRead = NIODeadline.now()
    /// True if it was silent, or took nothing, for too long when it was last looked at.
    private var isOverdue = false
    /// True if it is looked at at the next sweep.
    private var isWatched = true

    init(services: GateServices, shard: Shard, framing: Framing) {
        self.services = services
        self.shard = shard
        origin = ClientOrigin(framing: framing, isEncrypted: services.settings.tls != nil)
        decoder = PacketDecoder(maximumPacketSize: services.settings.maximumPacketSize)
        mqtt = ServerSession(configuration: services.sessionConfiguration)
    }

    // MARK: Channel events

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        origin.address = context.remoteAddress
        lastRead = .now()
        shard.add(self)
    }

    func channelActive(context: ChannelHandlerContext) {
        origin.address = context.remoteAddress
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

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isClosed, !isFinishing else { return }
        let now = NIODeadline.now()
        heard(now)
        output.beginRead(&shard.spareOutput)
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

    func errorCaught(context: ChannelHandlerContext, error: any Error) { close(.transportError(error)) }

    // MARK: Packets

    func receive(_ packet: Packet) throws(MQTTError) {
        var event = ServerSession.Event.none
        let isWritten = try output.write { output throws(MQTTError) in
            event = try mqtt.receive(packet, replies: &output)
        }
        switch event {
        case .none: break
        // Its acknowledgement may wait for the answer.
        case .publish(let publish): return session?.receive(publish) ?? ()
        case .connected(let connect): return try admit(connect)
        case .refused(let code): close(.refused(code))
        case .disconnect: close(.clientDisconnected)
        }
        guard isWritten else { return }
        output.setUrgent()
        flushIfLarge()
    }

    /// Decides about a client that says who it is. Everybody is let in.
    private func admit(_ connect: Connect) throws(MQTTError) {
        let session = ClientSession(clientID: connect.clientID.nfc, connection: self)
        lastRead = .now()
        // Another limit counts from now on.
        watch()
        try output.write { output throws(MQTTError) in try mqtt.accept(replies: &output) }
        output.setUrgent()
        self.session = session
        let older = services.sessions.add(session)
        older?.eventLoop.execute { older?.connection.close(.takenOver) }
    }

    /// Bytes of the client have come.
    func heard(_ now: NIODeadline) {
        // Before CONNECT nothing postpones the deadline.
        if mqtt.isConnected { lastRead = now }
    }

    // MARK: End

    /// Ends the connection, having written what was to be written.
    func close(_ reason: CloseReason) {
        guard !isClosed else { return }
        if case .stalled = reason { services.statistics.countStalled() } else { flush(always: true) }
        // A write may fail, and so end the connection.
        let context = context
        end(reason)
        context?.close(promise: nil)
    }

    /// Reads nothing more, and closes the connection with the answer to what has been read last.
    func finish() {
        isFinishing = true
        forgetInput()
        closeIfFinished()
    }

    func closeIfFinished() {
        if isFinishing, session?.isIdle ?? true { close(.serverShutdown) }
    }

    /// Ends the connection whose channel ended before all that its client had sent was done.
    func finishGone() { end(.clientClosed) }

    private func end(_ reason: CloseReason) {
        guard !isClosed else { return }
        isClosed = true
        services.endings.ended(
            reason, origin: origin, clientID: session?.clientID ?? "", userID: session?.box.state.userID ?? "",
            session: session?.id)
        forgetInput()
        output.removeAll()
        session?.end()
        // It refers to this connection.
        session = nil
        shard.remove(self)
    }

    private func forgetInput() {
        shard.inputShare.giveBack(held.counted)
        held = HeldInput()
    }

    // MARK: Time

    /// Something began that may take too long: it is looked at soon, and again until that is over.
    func watch() {
        guard !isWatched, !isClosed else { return }
        isWatched = true
        shard.checkSoon(self)
    }

    /// Cuts the connection off if its client was silent, or did not read, for too long.
    ///
    /// Whoever is overdue is looked at again first: the loop may have been busy, and his bytes are read in between.
    /// - Returns: when it is to be looked at next; nil: it has ended.
    func checkTimeouts(now: NIODeadline) -> TimeAmount? {
        guard let context, !isClosed else { return nil }
        let limit = silenceLimit
        let reason = overdueReason(context, limit, now)
        if let reason, isOverdue {
            close(reason)
            return nil
        }
        isOverdue = reason != nil
        isWatched = isOverdue || isPaused || writeProgress.isPending || !held.isEmpty || held.framing > 0
        return isWatched ? .zero : lastRead + limit - now
    }

    /// How long the client may say nothing.
    private var silenceLimit: TimeAmount {
        guard mqtt.isConnected else { return TimeAmount(services.settings.handshakeTimeout) }
        return TimeAmount(mqtt.idleLimit ?? services.mqtt.readTimeout)
    }

    private func overdueReason(
        _ context: ChannelHandlerContext, _ silenceLimit: TimeAmount, _ now: NIODeadline
    ) -> CloseReason? {
        if writeProgress.isPending {
            let limit = TimeAmount(services.mqtt.writeTimeout)
            if writeProgress.isStalled(buffered: bufferedBytes(context), now: now, limit: limit) { return .stalled }
        }
        // Whose bytes are not read is not silent.
        guard !isPaused else { return nil }
        if now - lastRead > silenceLimit { return mqtt.isConnected ? .silent : .handshakeTimeout }
        let isSlow = held.isTooSlow(
            now: now, patience: TimeAmount(services.settings.handshakeTimeout),
            least: services.settings.minimumPacketSpeed)
        return mqtt.isConnected && isSlow ? .slowPacket : nil
    }
}
