import Logging
import Mqant
import MqantMQTT
import NIOCore
import Synchronization

/// What all connections of a Gate share.
final class GateState: Sendable {
    let configuration: GateSettings
    let mqtt: MQTTOptions
    let context: ModuleContext
    let shards: [Shard]
    let sessions = SessionDirectory()
    let groups: GroupDirectory
    let inbox: PushInbox
    let statistics: GateStatistics
    let endings: Endings
    /// Bytes of all clients' input that is not taken in yet.
    let inputBound: ByteBound
    /// The ports that are listened on, as they are bound: where the configuration says 0, the system chose.
    let ports = AsyncStream<Int>.makeStream()

    private let isWatching = Mutex(true)

    init(configuration: GateSettings, context: ModuleContext, eventLoops: [any EventLoop]) {
        self.configuration = configuration
        self.context = context
        mqtt = context.configuration.mqtt
        statistics = GateStatistics(
            connections: ConnectionLimit(
                maximum: min(configuration.maximumConnections, context.maximumConnections)))
        endings = Endings(logger: context.logger)
        inputBound = ByteBound(limit: configuration.inputBufferLimit)
        let bound = inputBound
        let requestBound = ByteBound(limit: configuration.requestBufferLimit)
        shards = eventLoops.map {
            Shard(eventLoop: $0, context: context, inputBound: bound, requestBound: requestBound)
        }
        groups = GroupDirectory(node: context.node, gate: context.instance)
        inbox = PushInbox(shards: shards)
    }

    var logger: Logger { context.logger }

    /// The shard of an event loop of this Gate's group.
    func shard(of eventLoop: any EventLoop) -> Shard? {
        shards.first { $0.eventLoop === eventLoop }
    }

    /// Takes a push to a group in, on any thread.
    func receive(_ push: GroupPush) {
        guard !push.isProbe else { return }
        if push.topic == Disconnection.topic { return receiveDisconnection(push) }
        deliver(push)
    }

    /// Has a push written to the members of its group.
    /// - Parameter ending: why their connections end behind it; nil: they stay.
    func deliver(_ push: GroupPush, ending: CloseReason? = nil) {
        do throws(MQTTError) {
            inbox.deliver(try EncodedPush(push, ending: ending))
        } catch {
            logger.warning(
                "push dropped", metadata: ["group": "\(push.group)", "topic": "\(push.topic)", "error": "\(error)"])
        }
    }

    // MARK: The cluster

    /// Has modules told again who is in their groups whenever the cluster changes.
    func watchCluster() {
        context.node.observeView { [weak self] in self?.clusterChanged() }
        clusterChanged()
    }

    private func clusterChanged() {
        isWatching.withLock { isWatching in
            guard isWatching else { return }
            for shard in shards { shard.eventLoop.execute { shard.renewPresences(all: false) } }
        }
    }

    /// Ends what `watchCluster` began: from the return on, no event loop is used any more.
    func endWatching() {
        isWatching.withLock { $0 = false }
    }
}
