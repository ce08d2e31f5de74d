import NIOCore

@testable import MqantRPC

/// A `CallRouter` with the cluster that it looks at, and a record of what becomes of its calls.
struct RouterHarness {
    /// How one of the calls ended.
    struct End: Equatable {
        var call: Int
        var reply: RPCReply
    }

    var view = ClusterView(MembershipTable(own: "me"))
    var router = CallRouter(maximumCalls: 5, now: Self.at(0))
    /// The instances of this node that are full.
    var full: Set<InstanceID> = []
    /// The time in milliseconds.
    var now: Int64 = 0
    let ends = Recorder()

    /// Called on one thread only, but by closures that must be Sendable.
    final class Recorder: @unchecked Sendable {
        var ends: [End] = []
    }

    static func at(_ milliseconds: Int64) -> NIODeadline {
        .uptimeNanoseconds(UInt64(1_000_000_000 + milliseconds * 1_000_000))
    }

    static let done = RPCReply.success(.json(ByteBuffer(string: "1")))

    var time: NodeClock.Reading { NodeClock.Reading(now: Self.at(now), system: Self.at(now)) }

    private var isFull: (InstanceID) -> Bool { { [full] in full.contains($0) } }

    // MARK: The cluster

    /// Another node announces what it serves: instances of the type Work, or Gates, each with a queue named as it.
    mutating func announce(
        _ node: NodeID, _ instances: [InstanceID], sequence: UInt64 = 1, idempotent: [String] = [],
        isGate: Bool = false
    ) {
        let descriptions = instances.map { id in
            var instance = InstanceDescription(
                id: id, type: isGate ? "Gate" : "Work", queue: QueueName("\(id)#\(sequence)"))
            instance.idempotent = idempotent
            instance.isGate = isGate
            instance.generation = 1
            return instance
        }
        let announcement = Announcement(
            node: node, host: "h", sequence: sequence, isGoodbye: false, instances: descriptions)
        _ = view.apply(announcement, now: Self.at(now))
    }

    /// This node serves an instance.
    mutating func serve(_ id: InstanceID) {
        view.addLocal(InstanceDescription(id: id, type: "Work", queue: QueueName("\(id)#0")))
    }

    /// The connection breaks: all others are expected back, under new queues.
    mutating func breakConnection() {
        for peer in view.peers.values {
            view.change { $0.expected.expect(live: peer.instances) }
            for instance in peer.instances { view.remove(queue: instance.queue) }
        }
    }

    // MARK: Calls

    /// Begins a call, which is told by its number when it ends.
    mutating func begin(
        _ number: Int, _ endpoint: Endpoint = "Work", timeout: Int64 = 1000
    ) -> (id: CorrelationID?, place: String) {
        let request = RPCRequest(function: "work", payload: .json(ByteBuffer(string: "[\(number)]")))
        let start = router.begin(
            endpoint, request, due: Self.at(now + timeout), time, in: view, isFull: isFull,
            completion: { [ends] in ends.ends.append(End(call: number, reply: $0)) })
        return (start.id, place(start.dispatch))
    }

    mutating func receive(_ reply: RPCReply = done, for id: CorrelationID) -> String {
        let (ended, queue) = router.receive(reply, for: id)
        ended?.completion(reply)
        return ended != nil ? "ended" : queue.map { returned(id, by: $0) } ?? "late"
    }

    mutating func returned(_ id: CorrelationID, by queue: QueueName) -> String {
        view.remove(queue: queue)
        return place(router.returned(id, by: queue, time, in: view, isFull: isFull))
    }

    mutating func interrupt(_ id: CorrelationID, at queue: QueueName, isUnwritten: Bool = false) -> String {
        view.remove(queue: queue)
        let dispatch = router.interrupt(
            id, at: [queue], isUnwritten: isUnwritten, time, in: view, isFull: isFull)
        return place(dispatch)
    }

    /// Lets all calls that wait look for an instance.
    mutating func resendWaiting() -> [String] {
        var places: [String] = []
        let (calls, arePushesLeaving) = router.takeWaiting()
        for id in calls { places.append(place(router.retry(id, time, in: view, isFull: isFull))) }
        while arePushesLeaving, let dispatch = router.retryNextPush(time, in: view, isFull: isFull) {
            places.append(place(dispatch))
        }
        return places
    }

    /// Lets time pass up to a moment, and ends what is due.
    mutating func expire(at time: Int64, unwritten: Set<CorrelationID> = []) {
        now = time
        for call in router.expire(now: Self.at(time)).expired {
            call.expire(isUnwritten: call.request.correlationID.map(unwritten.contains) ?? false)
        }
    }

    mutating func cancel(_ id: CorrelationID) {
        router.end(id)?.completion(.failure(RPCError(.cancelled, "cancelled")))
    }

    /// Where a call goes, as text: the queue or the local instance, with the call's argument.
    private func place(_ dispatch: CallDispatch) -> String {
        switch dispatch {
        case .local(let instance, let request): return "\(instance) gets \(String(buffer: request.payload.buffer))"
        case .remote(let queue, let request): return "\(queue) gets \(String(buffer: request.payload.buffer))"
        case .waits: return "waits"
        case .over: return "over"
        case .failed(let error, let completion):
            completion(.failure(error))
            return "failed"
        }
    }

    /// The code with which each call ended, by its number; nil: with a result.
    var codes: [Int: RPCError.Code?] {
        Dictionary(
            uniqueKeysWithValues: ends.ends.map { end in
                if case .failure(let error) = end.reply { (end.call, error.code) } else { (end.call, nil) }
            })
    }

    /// What the caller of a call knows of the callee's work.
    func outcome(_ call: Int) -> RPCError.Outcome? {
        for end in ends.ends where end.call == call {
            if case .failure(let error) = end.reply { return error.outcome }
        }
        return nil
    }
}
