import HeapModule

/// What a client waits for, and its end.
extension ScriptLoad {
    func wait(_ client: Int, _ state: ScriptClient.State, _ now: UInt64) {
        wake(client, at: now + plan.timeout)
        clients[client].state = state
    }

    func wake(_ client: Int, at moment: UInt64) {
        clients[client].wait += 1
        clients[client].state = .pausing
        timers.insert(ScriptTimer(moment: moment, client: client, wait: clients[client].wait))
    }

    func finish(_ client: Int, asPlanned: Bool) {
        switch clients[client].state {
        case .done: return
        case .connecting: connecting -= 1
        case .waitingForAnswer: waitingForAnswers -= 1
        default: break
        }
        clients[client].wait += 1
        clients[client].state = .done
        running -= 1
        if asPlanned { done += 1 }
    }

    func values(_ client: Int, _ count: UInt64 = 0) -> TemplateValues {
        let number = numbering.number(of: client)
        return TemplateValues(client: number, room: number % plan.rooms, count: count, time: Clock.now)
    }

    func rendered(_ template: Template, _ client: Int) -> [UInt8] {
        scratch.removeAll()
        template.write(to: scratch, values(client, clients[client].requests))
        return Array(scratch.bytes)
    }
}
