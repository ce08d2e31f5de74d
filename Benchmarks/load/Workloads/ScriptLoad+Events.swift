/// What comes from the server, and what follows.
extension ScriptLoad {
    func opened(_ client: Int, now: UInt64) {
        connecting -= 1
        goOn(client, now)
    }

    func subscribed(_ client: Int, now: UInt64) {
        if case .subscribing = clients[client].state { goOn(client, now) }
    }

    func received(_ publish: Publish, by client: Int, now: UInt64) {
        if case .waitingForAnswer(let number) = clients[client].state,
            Answer.messageID(of: publish.topic)?.number == number
        {
            waitingForAnswers -= 1
            if !plan.answer.isRight(publish.payload) {
                wrong += 1
                log.note(wrong: publish.payload)
            }
            return goOn(client, now)
        }
        guard plan.script.waitsForPushes else { return }
        let push = ScriptClient.Push(topic: Array(publish.topic), payload: Array(publish.payload))
        if case .waitingForPush(let topic, let text) = clients[client].state, push.matches(topic, text) {
            return goOn(client, now)
        }
        if clients[client].pushes.count == ScriptClient.mostPushes {
            clients[client].pushes.removeFirst()
            droppedPushes += 1
        }
        clients[client].pushes.append(push)
    }

    func closed(_ client: Int, _ fault: ConnectionFault, now: UInt64) {
        if case .done = clients[client].state { return }
        closedClients += 1
        log.note("\(fault)")
        finish(client, asPlanned: false)
    }

    /// The present step is done.
    private func goOn(_ client: Int, _ now: UInt64) {
        record(client, now)
        clients[client].wait += 1
        clients[client].state = .pausing
        clients[client].position += 1
        run(client, now)
    }

    func record(_ client: Int, _ now: UInt64) {
        let step = clients[client].position
        guard plan.script.names[step] != nil, window.measured.contains(now) else { return }
        latencies[step, default: LatencyHistogram()].record(now - min(now, clients[client].began))
    }
}
