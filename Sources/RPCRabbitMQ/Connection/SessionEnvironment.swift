import Logging
import MqantRPC

/// What all sessions of one transport share, one after the other.
struct SessionEnvironment: Sendable {
    let node: NodeID
    let configuration: TransportConfiguration
    let outbox: Outbox
    let batchReaders: BatchReaders
    let echo: AnnouncementEcho
    let losses: AnnouncementLosses
    let dispatcher: DeliveryDispatcher
    let statistics: TransportStatistics
    /// The rank with which this node announces an Id at this moment; nil: it does not announce the Id.
    let rank: @Sendable (InstanceID) -> IdClaim.Rank?
    let logger: Logger
}
