import MqantRPC

/// What may go wrong between the modules of a test. See ``Testing/Trait/faults(_:seeds:)``.
public struct Faults: OptionSet, Sendable, Hashable {
    /// One bit for each kind.
    public let rawValue: UInt8

    /// A set of kinds by their bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Messages between nodes take up to some milliseconds. Those from one node to one instance stay in order, as do pushes
    /// to one group; nothing else does.
    public static let delays = Faults(rawValue: 1)
    /// Nodes are killed, one at a time, when a request comes to them, and started again a moment later.
    public static let kills = Faults(rawValue: 2)
    /// Everything.
    public static let all: Faults = [.delays, .kills]

    /// Requests that a node takes at most before it is killed.
    private static let longestLife = 40

    var seeded: SeededFaults {
        var faults = SeededFaults()
        faults.delaysMessages = contains(.delays)
        faults.longestLife = contains(.kills) ? Self.longestLife : 0
        return faults
    }
}

/// The faults of a run of a test's body.
struct FaultPlan: Sendable {
    /// That of the run which this task and its children are a part of.
    @TaskLocal static var current: FaultPlan?

    var faults: Faults
    var seed: Int
}
