/// How an instance is doing: what it answers to a call of `$status`.
package struct InstanceStatus: Codable, Sendable, Hashable {
    /// The name under which every instance answers; functions that modules register begin with no `$`.
    package static let function = "$status"

    package var id: InstanceID
    package var type: ModuleType
    /// Seconds since the instance began.
    package var uptime: Double
    /// Handlers that run.
    package var running: Int
    /// Calls that wait for one.
    package var waiting: Int
    /// Calls answered since the instance began, those of `$status` aside.
    package var calls: UInt64
    /// Those among them that were answered with an error.
    package var errors: UInt64
    /// Microseconds that 99 of 100 handlers took at most, of the last one to two minutes; nil if none ran.
    package var p99: UInt64?
    /// Where the broker is that the instance is at, `10.0.0.1:5672`; nil: there is none, or it is not told.
    package var broker: String?
    /// What the module itself reports, `sessions` of a Gate for one.
    package var gauges: [String: Int]
}
