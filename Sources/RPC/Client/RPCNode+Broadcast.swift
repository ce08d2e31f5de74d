package import NIOCore
import Synchronization

extension RPCNode {
    /// Sends a request that nobody answers to several instances. Fire and forget.
    ///
    /// - Throws: `RPCError` `notFound` if no live instance is known.
    package func cast(_ broadcast: Broadcast, _ request: RPCRequest) throws(RPCError) {
        var request = request
        request.deadline = .now() + configuration.defaultTimeout
        let (targets, isShutDown) = state.withLock { state in
            let targets = state.view.candidates(of: broadcast.type).map { candidate in
                let server = candidate.isLocal ? state.servers[candidate.instance.id] : nil
                return (queue: candidate.instance.queue, server: server)
            }
            return (targets, state.isShutDown)
        }
        guard !isShutDown, !targets.isEmpty else {
            statistics.countLostCast()
            throw isShutDown ? .nodeShutDown : .serviceNotFound(broadcast.type)
        }
        for target in targets {
            if let server = target.server {
                server.receive(request) { _ in }
            } else {
                transport.send(.request(request), to: target.queue)
            }
        }
    }

    /// Calls every live instance of a type that this node knows of, and awaits all replies.
    package func callAll(
        _ type: ModuleType, _ request: RPCRequest, timeout: TimeAmount? = nil
    ) async -> [InstanceID: RPCReply] {
        let instances = state.withLock { $0.view.candidates(of: type).map(\.instance.id) }
        return await withTaskGroup(of: (InstanceID, RPCReply).self) { calls in
            for instance in instances {
                calls.addTask {
                    do throws(RPCError) {
                        return (instance, .success(try await self.call(.instance(instance), request, timeout: timeout)))
                    } catch {
                        return (instance, .failure(error))
                    }
                }
            }
            return await calls.reduce(into: [:]) { replies, reply in replies[reply.0] = reply.1 }
        }
    }
}
