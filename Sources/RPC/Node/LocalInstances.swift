/// The instances that this node serves, and the queues that bring their calls. A pure value.
struct LocalInstances: Sendable {
    /// By their Ids, until their last call has been answered.
    private(set) var servers: [InstanceID: RPCServer] = [:]
    private var queues: [QueueName: RPCServer] = [:]
    /// Names of queues that changed while an instance was about to be served.
    private var renamed: [QueueName: QueueName] = [:]
    private var openingQueues = 0
    /// Counts the queues and connections that instances of this node have had.
    private var generation: UInt64 = 0

    /// The instance whose calls a queue brings.
    func server(of queue: QueueName) -> RPCServer? { queues[queue] }

    /// The instance that gets a call; nil: it goes elsewhere.
    func server(for dispatch: CallDispatch) -> RPCServer? { dispatch.localInstance.flatMap { servers[$0] } }

    /// Whether an instance would let another call wait.
    var isFull: (InstanceID) -> Bool { { [servers] in servers[$0]?.load.isFull ?? false } }

    /// The functions of an instance whose interrupted calls may be sent again.
    func idempotentFunctions(of id: InstanceID) -> [String] { servers[id]?.idempotentFunctionNames ?? [] }

    // MARK: Coming and going

    /// A queue is about to be opened for an instance.
    mutating func beginOpening() { openingQueues += 1 }

    /// The queue could not be opened.
    mutating func openingFailed() { endOpening() }

    /// The queue is open, and the instance is served.
    mutating func opened(_ opened: QueueName, for server: RPCServer) -> InstanceDescription {
        var queue = opened
        while let newer = renamed[queue] { queue = newer }
        endOpening()
        servers[server.instance] = server
        queues[queue] = server
        generation += 1
        var instance = InstanceDescription(id: server.instance, type: server.type, queue: queue)
        instance.isGate = server.groupReceiver != nil
        (instance.life, instance.generation) = (generation, generation)
        return instance
    }

    private mutating func endOpening() {
        openingQueues -= 1
        if openingQueues == 0 { renamed = [:] }
    }

    /// The instances have the queues of a new connection: the old names, each with the new one.
    /// - Returns: the generation of the new ones.
    mutating func rename(_ names: [QueueName: QueueName]) -> UInt64 {
        if openingQueues > 0 { renamed.merge(names) { $1 } }
        for (old, new) in names {
            if let server = queues.removeValue(forKey: old) { queues[new] = server }
        }
        generation += 1
        return generation
    }

    /// The instance has answered its last call.
    mutating func remove(_ server: RPCServer) {
        servers[server.instance] = nil
        // A reconnect may have renamed its queue meanwhile.
        queues = queues.filter { $0.value !== server }
    }
}
