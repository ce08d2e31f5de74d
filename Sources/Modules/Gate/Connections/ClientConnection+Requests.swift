import Mqant
import MqantMQTT
import NIOCore

/// A client's PUBLISH becomes a call, and its reply a PUBLISH.
extension ClientConnection {
    /// Reads nothing more, and closes the connection with the answer to what has been read last.
    func finish() {
        isFinishing = true
        shard.inputShare.giveBack(held.counted)
        held = HeldInput()
        closeIfFinished()
    }

    private func closeIfFinished() {
        if isFinishing, requests.isIdle { close(.serverShutdown) }
    }

    func receive(_ publish: Publish) {
        let topic = publish.topic.bytes
        guard let request = shard.topics.read(topic) else {
            return reply(ClientReply.payload(ofError: RequestTopic.format), on: topic)
        }
        let replyTopic = request.wantsReply ? topic : nil
        guard JSONScanner.isValid(publish.payload) else {
            return reply(ClientReply.payload(ofError: "body must be JSON format"), on: replyTopic)
        }
        guard request.isReachable else {
            let error =
                gate.context.serves(request.type)
                ? "Method(\(request.function)) must begin with '\(RequestTopic.prefix)'"
                : RPCError.serviceNotFound(request.type).message
            return reply(ClientReply.payload(ofError: error), on: replyTopic)
        }
        enqueue(request, publish.payload, replyTopic)
    }

    /// What a request takes besides its bytes, about.
    private static let costOfRequest = 256

    private func enqueue(_ topic: RequestTopic, _ payload: ByteBuffer, _ replyTopic: ByteBuffer?) {
        let length = payload.readableBytes + 2
        let cost = length + (replyTopic?.readableBytes ?? 0) + Self.costOfRequest
        let hasRoom = requests.hasRoom(
            for: cost, limit: gate.configuration.maximumWaitingRequests,
            byteLimit: gate.configuration.maximumWaitingBytes)
        guard hasRoom, shard.requestShare.take(cost) else {
            return reply(ClientReply.payload(ofError: "too many requests wait"), on: replyTopic)
        }
        // One copy of both, so that no request keeps the buffer of the read that it came in. Slices of it are taken
        // when all is written: NIO copies a buffer that is written to while it has slices.
        var copy = ByteBufferAllocator().buffer(capacity: length + (replyTopic?.readableBytes ?? 0))
        copy.writeInteger(UInt8(ascii: "["))
        copy.writeImmutableBuffer(payload)
        copy.writeInteger(UInt8(ascii: "]"))
        if let replyTopic { copy.writeImmutableBuffer(replyTopic) }
        let ownTopic = replyTopic.flatMap { copy.getSlice(at: length, length: $0.readableBytes) }
        copy.moveWriterIndex(to: length)

        let request = RPCRequest(function: topic.function, payload: .json(copy))
        requests.append(WaitingRequest(request: request, type: topic.type, replyTopic: ownTopic, cost: cost))
        // Its acknowledgement has no answer to leave with.
        if replyTopic == nil { planFlush() }
        forward()
    }

    /// Sends the requests that may go. Calls may be answered before their return, hence the loop and its guard.
    func forward() {
        guard !isForwarding, requests.waitingCount > 0 else { return }
        isForwarding = true
        defer { isForwarding = false }
        let window = gate.mqtt.readQueueLength
        let isPiece = requests.waitingCount > 1 && shard.turn.begin(.now())
        defer { if isPiece { shard.turn.end(.now()) } }
        while !isClosed, !isBlocked, let next = requests.next(window: window) {
            send(next)
            guard requests.hasNext(window: window) else { return }
            if shard.turn.isOver(.now()) || !mayWork {
                isForwardingLate = true
                return
            }
        }
    }

    private func send(_ waiting: WaitingRequest) {
        var request = waiting.request
        request.sessionBox = box
        let endpoint = gate.context.endpoint(for: waiting.type, request)
        // What is pushed before the return is pushed for this session.
        let sender = shard.sender
        shard.sender = self
        defer { shard.sender = sender }
        let cost = waiting.cost
        guard let topic = waiting.replyTopic else {
            do throws(RPCError) {
                try gate.context.node.cast(endpoint, request) { [self] in
                    onLoop { $0.castEnded(cost) }
                }
            } catch {
                // A cast that finds nobody has nobody to tell either; the node counts it.
                castEnded(cost)
            }
            return
        }
        gate.context.node.call(endpoint, request) { [self] reply in
            if shard.eventLoop.inEventLoop {
                answered(reply, topic, cost)
            } else {
                shard.eventLoop.execute { self.answered(reply, topic, cost) }
            }
        }
    }

    private func onLoop(_ body: @escaping @Sendable (ClientConnection) -> Void) {
        if shard.eventLoop.inEventLoop { body(self) } else { shard.eventLoop.execute { body(self) } }
    }

    private func answered(_ reply: RPCReply, _ topic: ByteBuffer, _ cost: Int) {
        requests.answered(cost)
        shard.requestShare.giveBack(cost)
        guard !isClosed else { return }
        self.reply(ClientReply.payload(of: reply), on: topic)
        goOnForwarding()
        closeIfFinished()
    }

    private func castEnded(_ cost: Int) {
        requests.castEnded(cost)
        shard.requestShare.giveBack(cost)
        if !isClosed { goOnForwarding() }
    }

    /// Forwards what waited for an answer, unless it is its turn later anyway.
    private func goOnForwarding() {
        guard !isQueued else { return }
        forward()
        if isForwardingLate, !isReading, !isClosed { wait() }
    }

    private func reply(_ payload: ByteBuffer, on topic: ByteBuffer?) {
        guard let topic else { return }
        do throws(MQTTError) {
            let topic = try TopicName(topic)
            try write { output throws(MQTTError) in
                try PacketEncoder.writePublish(topic: topic, payload: payload, into: &output)
            }
        } catch {
            close(.protocolError(error))
        }
    }
}
