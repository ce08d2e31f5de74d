/// What an instance has of the node that serves it: a clock, threads, and a way out.
package protocol RPCServerHost: RPCCaller {
    /// What its instances run on.
    var environment: RPCServer.Environment { get }

    /// Where the broker is that an instance is at, for people; nil: there is none.
    func broker(of instance: InstanceID) -> String?

    /// Pushes to every member of a group, wherever it is connected. Fire and forget.
    func push(_ push: GroupPush)

    /// Takes in what nodes tell each other of groups, in place of a function.
    /// - Returns: false if the request is none of these; `completion` is not called then.
    func receiveGroupRequest(
        _ request: RPCRequest, for instance: InstanceID, completion: @escaping RPCServer.Completion
    ) -> Bool
}

extension RPCServer {
    /// What all instances of a node share.
    package struct Environment: Sendable {
        /// Bounds of every instance.
        var configuration: Configuration
        /// The time by which calls are due.
        var clock: NodeClock
        /// Threads for functions that block.
        var blockingThreads: BlockingThreads
        /// Where functions run; nil: where they ask to.
        var executor: (any TaskExecutor)?
    }
}
