import NIOCore
import Synchronization

extension RPCNode {
    /// Has pushes to groups that `instance` is bound to delivered to `receiver`, on any thread, in each group's order.
    package func receivePushes(for instance: InstanceID, _ receiver: @escaping @Sendable (GroupPush) -> Void) {
        state.withLock { state in
            guard let queue = state.view.local[instance]?.queue else { return }
            state.groupReceivers[queue] = receiver
        }
    }

    /// Binds an instance of this node to a group: on completion no push published later is missed.
    package func bind(
        _ instance: InstanceID, to group: GroupName,
        completion: @escaping @Sendable (Result<Void, RPCError>) -> Void
    ) {
        guard let queue = state.withLock({ $0.view.local[instance]?.queue }) else {
            return completion(.failure(.instanceNotFound(instance)))
        }
        transport.bind(queue, to: group, completion: completion)
    }

    /// Ends what `bind` began.
    package func unbind(
        _ instance: InstanceID, from group: GroupName,
        completion: @escaping @Sendable (Result<Void, RPCError>) -> Void
    ) {
        guard let queue = state.withLock({ $0.view.local[instance]?.queue }) else {
            return completion(.failure(.instanceNotFound(instance)))
        }
        transport.unbind(queue, from: group, completion: completion)
    }

    /// Pushes to every member of a group, wherever it is connected. Fire and forget.
    package func push(_ push: GroupPush) {
        transport.publish(push.request, to: push.group, confirmation: nil)
    }

    /// Pushes to every member of a group, and tells whether anybody is in it.
    package func pushConfirmed(_ push: GroupPush) async throws(RPCError) -> PublishOutcome {
        let outcome: Result<PublishOutcome, RPCError> = await withUnsafeContinuation { continuation in
            transport.publish(push.request, to: push.group) { continuation.resume(returning: $0) }
        }
        return try outcome.get()
    }

    func receivedPush(_ request: RPCRequest, on queue: QueueName) {
        guard let receiver = state.withLock({ $0.groupReceivers[queue] }), let push = GroupPush(request) else {
            return
        }
        receiver(push)
    }
}
