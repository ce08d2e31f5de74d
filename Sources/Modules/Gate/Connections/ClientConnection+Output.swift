import Mqant
import MqantMQTT
import NIOCore

/// What is written to a client leaves when `ConnectionOutput` says so, and never more than may wait for it.
extension ClientConnection: OutputHolder {
    /// True while the client does not take what is written to it.
    var isBlocked: Bool { output.isBlocked }

    var heldUntil: NIODeadline? { output.heldUntil }

    /// Writes bytes, at the latest at the end of this turn of the loop. The connection ends if they cannot be written.
    func write(_ bytes: (inout ByteBuffer) throws(MQTTError) -> Void) {
        guard !isClosed, !isGone else { return }
        do throws(MQTTError) {
            try output.write(bytes)
            planFlush()
            flushIfLarge()
        } catch {
            close(.protocolError(error))
        }
    }

    /// Sends a message, or has it wait for the client's acknowledgements.
    /// - Throws: `MQTTError`, as `ServerSession.push` does.
    func push(topic: TopicName, payload: ByteBuffer, qos: QoS) throws(MQTTError) {
        guard !isClosed, !isGone else { return }
        try output.write { output throws(MQTTError) in
            try mqtt.push(topic: topic, payload: payload, qos: qos, into: &output)
        }
        planFlush()
        flushIfLarge()
    }

    /// Writes a push to a group.
    func write(_ push: EncodedPush) {
        guard !isClosed, !isGone, mqtt.isConnected else { return }
        if let packet = push.packet {
            if output.writeShared(packet) {
                planFlush()
                return flushIfLarge()
            }
            // The same bytes for every member: no copy.
            flush(always: true)
            if !isClosed, let context { send(packet, context) }
            return
        }
        do throws(MQTTError) {
            try self.push(topic: push.topic, payload: push.payload, qos: push.qos)
        } catch {
            close(error.code == .queueFull ? .stalled : .protocolError(error))
        }
    }

    /// Has what was written flushed at the end of this turn of the loop.
    func planFlush() {
        if output.planFlush() { shard.flushLater(self) }
    }

    /// Within one read, too, a client may ask for more than may wait for it.
    func flushIfLarge() {
        if output.isLarge { flush() }
    }

    func readCompleted() {
        switch output.endRead(awaitsAnswer: session?.awaitsAnswer ?? false, &shard.spareOutput, now: .now()) {
        case .flush: flush()
        case .hold(let limit): shard.flush(self, heldUntil: limit)
        case .nothing: break
        }
    }

    /// Hands what was written to the channel.
    /// - Parameter always: also to one that has not taken what came before.
    func flush(always: Bool = false) {
        guard let context else { return }
        switch output.flush(always: always) {
        case .nothing: break
        case .write(let bytes):
            send(bytes, context)
            ConnectionOutput.keep(bytes, in: &shard.spareOutput)
        case .keep(let count): if isOverLimit(context, more: count) { close(.stalled) }
        }
    }

    /// Hands bytes to the channel. One message of any size may wait there, but nothing behind more than the limit.
    private func send(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
        guard !isBlocked || !isOverLimit(context, more: 0) else { return close(.stalled) }
        wrote()
        context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
    }

    /// Bytes are with the channel that the client may not take.
    func wrote() {
        writeProgress.began()
        watch()
    }

    private func isOverLimit(_ context: ChannelHandlerContext, more: Int) -> Bool {
        bufferedBytes(context) + more > services.settings.writeBufferLimit
    }

    /// Bytes that the channel has and the kernel has not.
    func bufferedBytes(_ context: ChannelHandlerContext) -> Int {
        (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
    }

    /// The client takes what is written, or has stopped to. While it does not, nothing more of it is read: so what it asks
    /// for does not pile up.
    func outputChanged(isWritable: Bool) {
        guard !isClosed, !isGone, output.setBlocked(!isWritable) else { return }
        guard isWritable else { return setReading(false) }
        flush()
        guard !isClosed, !isBlocked else { return }
        goOnLater()
    }
}
