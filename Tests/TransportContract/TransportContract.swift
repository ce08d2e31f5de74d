/// What holds for every transport. A transport's tests run all of `checks`, so that none can be forgotten.
package enum TransportContract {
    /// The whole contract, for a network that loses nothing but what is killed.
    package static let checks: [ContractCheck] =
        orderChecks + deadlineChecks + addressChecks + boundChecks + payloadChecks + errorChecks + lifeChecks
        + returnChecks + confirmChecks + groupChecks + clusterChecks + broadcastChecks

    /// What holds even where envelopes are lost, and come back from queues that live.
    package static let faultChecks: [ContractCheck] = callFaultChecks + orderFaultChecks
}
