import MqantRPC

/// One instance, as `status` prints it.
struct StatusRow: Codable, Sendable {
    var id: InstanceID
    var type: ModuleType
    var node: NodeID
    var host: String
    /// True if the node does not answer its neighbour.
    var unreachable: Bool
    /// What it answered; nil if it did not within two seconds.
    var status: InstanceStatus?
    /// Calls answered in the last second.
    var callsPerSecond: Double?
}
