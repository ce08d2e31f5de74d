import FoundationEssentials
import Logging
import Mqant
import MqantMQTT
import NIOCore
import NIOFoundationEssentialsCompat

/// Takes pushes to groups in, on any thread.
struct PushReceiver: Sendable {
    let context: ModuleContext
    let inbox: PushInbox

    func receive(_ push: GroupPush) {
        guard !push.isProbe else { return }
        if push.topic == Disconnection.topic { return receiveDisconnection(push) }
        deliver(push)
    }

    /// Has a push written to the members of its group.
    /// - Parameter ending: why their connections end behind it; nil: they stay.
    private func deliver(_ push: GroupPush, ending: CloseReason? = nil) {
        do throws(MQTTError) {
            inbox.deliver(try EncodedPush(push, ending: ending))
        } catch {
            context.logger.warning(
                "push dropped", metadata: ["group": "\(push.group)", "topic": "\(push.topic)", "error": "\(error)"])
        }
    }

    /// Ends the sessions of a user, in the order of what is pushed to the user; what is not a disconnection is dropped.
    private func receiveDisconnection(_ push: GroupPush) {
        guard push.group.userID != nil,
            let disconnection = try? JSONDecoder().decode(Disconnection.self, from: push.body),
            let body = try? context.json(disconnection)
        else {
            return context.logger.warning("disconnection dropped: not a user's", metadata: ["group": "\(push.group)"])
        }
        deliver(
            GroupPush(group: push.group, topic: Disconnection.clientTopic, qos: 0, body: body),
            ending: .closedByModule)
    }
}
