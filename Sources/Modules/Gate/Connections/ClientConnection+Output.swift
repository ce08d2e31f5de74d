import Mqant
import MqantMQTT
import NIOCore

/// What is written to a client: together where it can leave together, and never more than may wait for it.
extension ClientConnection {
    /// Output of this size leaves at once: NIO copies what grows, and the bound is looked at when it leaves.
    private static let largeOutput = 65_536
    /// Pushes up to this size are copied to one buffer while the client does not take them: each buffer has a cost of
    /// some hundred bytes.
    private static let smallPush = 1024

    /// Writes bytes, at the latest at the end of this turn of the loop.
    func write(_ bytes: (inout ByteBuffer) throws(MQTTError) -> Void) throws(MQTTError) {
        guard !isClosed, !isGone else { return }
        try bytes(&output)
        planFlush()
        flushIfLarge()
    }

    /// Writes a push to a group.
    func write(_ push: EncodedPush) {
        guard !isClosed, !isGone, mqtt.isConnected else { return }
        if let packet = push.packet {
            guard let context, isBlocked ? packet.readableBytes > Self.smallPush : output.readableBytes == 0 else {
                output.writeImmutableBuffer(packet)
                planFlush()
                return flushIfLarge()
            }
            // The same bytes for every member: no copy.
            if output.readableBytes > 0 { flush(always: true) }
            if !isClosed { send(packet, context) }
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

    /// Within one read, too, a client may ask for more than may wait for it.
    func flushIfLarge() {
        if output.readableBytes >= Self.largeOutput { flush() }
    }

    /// Ends a read: what was written leaves, or waits for an answer that it can leave with.
    func readCompleted() {
        isReading = false
        if isUrgent || requests.outstanding == 0 {
            flush()
        } else if heldUntil == nil, output.readableBytes > 0 {
            let limit = NIODeadline.now() + HeldOutput.limit
            heldUntil = limit
            shard.flush(self, heldUntil: limit)
        }
    }

    /// Hands what was written to the channel.
    /// - Parameter always: also to one that has not taken what came before; else it is kept in one buffer until then.
    func flush(always: Bool = false) {
        isFlushPlanned = false
        isUrgent = false
        heldUntil = nil
        guard output.readableBytes > 0, let context else { return }
        guard always || !isBlocked || output.readableBytes >= Self.largeOutput else {
            if isOverLimit(context, more: output.readableBytes) { close(.stalled) }
            return
        }
        let bytes = output
        output = ByteBuffer()
        send(bytes, context)
    }

    /// Hands bytes to the channel. One message of any size may wait there, but nothing behind more than the limit.
    private func send(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
        guard !isBlocked || !isOverLimit(context, more: 0) else { return close(.stalled) }
        writeProgress.began()
        context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
    }

    private func isOverLimit(_ context: ChannelHandlerContext, more: Int) -> Bool {
        let buffered = (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
        return buffered + more > gate.configuration.writeBufferLimit
    }

    /// The client takes what is written, or has stopped to. While it does not, nothing more of it is read: so what it asks
    /// for does not pile up.
    func outputChanged(isWritable: Bool) {
        guard !isClosed, !isGone, isBlocked == isWritable else { return }
        isBlocked = !isWritable
        guard isWritable else { return setReading(false) }
        flush()
        guard !isClosed, !isBlocked, !isQueued else { return }
        isQueued = true
        shard.goOnLater(self)
    }
}
