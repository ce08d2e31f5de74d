import MQTT
import Mqant
import NIOCore

/// A client's PUBLISH becomes a call, and its reply a PUBLISH.
extension ClientConnection {
    /// Reads nothing more, and closes the connection with the answer to what has been read last.
    func finish() {
        isFinishing = true
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

    private func enqueue(_ topic: RequestTopic, _ payload: ByteBuffer, _ replyTopic: ByteBuffer?) {
        // One copy of both, so that no request keeps the buffer of the read that it came in.
        var copy = ByteBufferAllocator().buffer(
            capacity: payload.readableBytes + (replyTopic?.readableBytes ?? 0) + 2)
        copy.writeInteger(UInt8(ascii: "["))
        copy.writeImmutableBuffer(payload)
        copy.writeInteger(UInt8(ascii: "]"))
        let arguments = copy
        if let replyTopic { copy.writeImmutableBuffer(replyTopic) }
        let ownTopic = replyTopic.flatMap { copy.getSlice(at: arguments.writerIndex, length: $0.readableBytes) }

        let request = RPCRequest(function: topic.function, payload: .json(arguments))
        let waiting = WaitingRequest(request: request, type: topic.type, replyTopic: ownTopic)
        guard requests.append(waiting, limit: gate.configuration.maximumWaitingRequests) else {
            return reply(ClientReply.payload(ofError: "too many requests wait"), on: replyTopic)
        }
        forward()
    }

    /// Sends the requests that may go. Calls may be answered before their return, hence the loop and its guard.
    private func forward() {
        guard !isForwarding else { return }
        isForwarding = true
        defer { isForwarding = false }
        while !isClosed, let next = requests.next(window: gate.mqtt.readQueueLength) { send(next) }
    }

    private func send(_ waiting: WaitingRequest) {
        var request = waiting.request
        request.sessionBox = box
        let endpoint = gate.context.endpoint(for: waiting.type, request)
        guard let topic = waiting.replyTopic else {
            planFlush()
            // A cast that finds nobody has nobody to tell either; the node counts it.
            try? gate.context.node.cast(endpoint, request)
            return
        }
        gate.context.node.call(endpoint, request) { [self] reply in
            if shard.eventLoop.inEventLoop {
                answered(reply, topic)
            } else {
                shard.eventLoop.execute { self.answered(reply, topic) }
            }
        }
    }

    private func answered(_ reply: RPCReply, _ topic: ByteBuffer) {
        guard !isClosed else { return }
        requests.answered()
        self.reply(ClientReply.payload(of: reply), on: topic)
        forward()
        closeIfFinished()
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
