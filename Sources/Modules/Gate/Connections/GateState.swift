import Logging
import MQTT
import Mqant
import NIOCore

/// What all connections of a Gate share.
final class GateState: Sendable {
    let configuration: GateConfiguration
    let mqtt: MQTTOptions
    let context: ModuleContext
    let shards: [Shard]
    let sessions = SessionDirectory()
    let groups: GroupDirectory
    let inbox: PushInbox
    let statistics = GateStatistics()
    /// The ports that are listened on, as they are bound: where the configuration says 0, the system chose.
    let ports = AsyncStream<Int>.makeStream()

    init(configuration: GateConfiguration, context: ModuleContext, eventLoops: [any EventLoop]) {
        self.configuration = configuration
        self.context = context
        mqtt = context.configuration.mqtt
        shards = eventLoops.map(Shard.init)
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
        do throws(MQTTError) {
            inbox.deliver(try EncodedPush(push))
        } catch {
            logger.warning(
                "push dropped", metadata: ["group": "\(push.group)", "topic": "\(push.topic)", "error": "\(error)"])
        }
    }
}
