import Mqant
import MqantMQTT
import NIOCore

/// A client's PUBLISH becomes a call, and its reply a PUBLISH.
extension ClientSession {
    /// What a request takes besides its bytes, about.
    private static let costOfRequest = 256

    /// Whether a module has a request whose answer will come.
    var awaitsAnswer: Bool { requests.outstanding > 0 }

    /// Whether modules have nothing that is to be answered, and nothing waits.
    var isIdle: Bool { requests.isIdle }

    /// Whether requests wait for a later turn of the loop, and not for answers.
    var isForwardingLate: Bool { requests.isLate }

    /// Whether its requests may go on now: not while the pushes that they caused have not been written.
    var mayWork: Bool { account.pending <= shard.pendingPushes }

    func receive(_ publish: Publish) {
        let topic = publish.topic
        guard let request = shard.topics.read(topic.bytes) else { return reply(error: RequestTopic.format, on: topic) }
        let replyTopic = request.wantsReply ? topic : nil
        guard JSONScanner.isValid(publish.payload) else {
            return reply(error: "body must be JSON format", on: replyTopic)
        }
        guard request.isReachable else {
            let error =
                services.context.serves(request.type)
                ? "Method(\(request.function)) must begin with '\(RequestTopic.prefix)'"
                : RPCError.serviceNotFound(request.type).message
            return reply(error: error, on: replyTopic)
        }
        enqueue(request, publish.payload, replyTopic)
    }

    private func enqueue(_ topic: RequestTopic, _ payload: ByteBuffer, _ replyTopic: TopicName?) {
        let cost = payload.readableBytes + 2 + (replyTopic?.bytes.readableBytes ?? 0) + Self.costOfRequest
        let hasRoom = requests.hasRoom(
            for: cost, limit: services.settings.maximumWaitingRequests,
            byteLimit: services.settings.maximumWaitingBytes)
        guard hasRoom, shard.requestShare.take(cost) else {
            return reply(error: "too many requests wait", on: replyTopic)
        }
        let (arguments, ownTopic) = shard.requestCopies.copy(payload, topic: replyTopic)
        let request = WaitingRequest(
            request: RPCRequest(function: topic.function, payload: .json(arguments)), type: topic.type,
            replyTopic: ownTopic, cost: cost)
        // Its acknowledgement has no answer to leave with.
        if replyTopic == nil { connection.planFlush() }
        if !connection.isBlocked, requests.beginAtOnce(request, window: services.mqtt.readQueueLength) {
            send(request)
            requests.endForwarding(isLate: false)
        } else {
            requests.append(request)
        }
        forward()
    }

    /// Sends the requests that may go.
    func forward() {
        guard requests.beginForwarding() else { return }
        let window = services.mqtt.readQueueLength
        let isPiece = requests.waitingCount > 1 && shard.turn.begin(.now())
        var isLate = false
        while !isClosed, !connection.isBlocked, let next = requests.next(window: window) {
            send(next)
            guard requests.hasNext(window: window) else { break }
            isLate = shard.turn.isOver(.now()) || !mayWork
            if isLate { break }
        }
        if isPiece { shard.turn.end(.now()) }
        requests.endForwarding(isLate: isLate)
    }

    private func send(_ waiting: consuming WaitingRequest) {
        waiting.request.sessionBox = box
        let request = waiting.request
        let endpoint = services.context.endpoint(for: waiting.type, request)
        // What is pushed before the return is pushed for this session.
        let sender = shard.sender
        shard.sender = self
        defer { shard.sender = sender }
        let cost = waiting.cost
        guard let topic = waiting.replyTopic else {
            do throws(RPCError) {
                try services.context.node.cast(endpoint, request) { [self] in
                    if eventLoop.inEventLoop { castEnded(cost) } else { eventLoop.execute { self.castEnded(cost) } }
                }
            } catch {
                // A cast that finds nobody has nobody to tell either; the node counts it.
                castEnded(cost)
            }
            return
        }
        services.context.node.call(endpoint, request) { [self] reply in
            if eventLoop.inEventLoop {
                answered(reply, topic, cost)
            } else {
                eventLoop.execute { self.answered(reply, topic, cost) }
            }
        }
    }

    private func answered(_ reply: RPCReply, _ topic: TopicName, _ cost: Int) {
        requests.answered(cost)
        shard.requestShare.giveBack(cost)
        guard !isClosed else { return }
        self.reply(ClientReply(reply), on: topic)
        goOnForwarding()
        connection.closeIfFinished()
    }

    private func castEnded(_ cost: Int) {
        requests.castEnded(cost)
        shard.requestShare.giveBack(cost)
        if !isClosed { goOnForwarding() }
    }

    /// Forwards what waited for an answer, unless it is its turn later anyway.
    private func goOnForwarding() {
        guard !connection.isQueued else { return }
        forward()
        if requests.isLate, !isClosed { connection.waitUnlessReading() }
    }

    private func reply(error: String, on topic: TopicName?) {
        if let topic { reply(.error(error), on: topic) }
    }

    private func reply(_ reply: ClientReply, on topic: TopicName) {
        connection.write { output throws(MQTTError) in
            try PacketEncoder.writePublish(topic: topic, payloadSize: reply.size, into: &output) {
                reply.write(to: &$0)
            }
        }
    }
}
