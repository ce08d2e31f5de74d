public import MqantRPC

/// An instance that could not start, or whose `run()` threw. It ends the node.
public struct ModuleFailure: Error, CustomStringConvertible {
    /// What the instance was at when it failed.
    public struct Phase: Sendable, Hashable, CustomStringConvertible {
        /// The phase as lines of the log name it.
        public let description: String

        /// `init`: the module's `init(settings:context:)`.
        public static let initialization = Phase(description: "init")
        /// `register`: `register(on:)` of the module, or of one of its components.
        public static let registration = Phase(description: "register")
        /// `start`: telling the cluster of the instance, whose `Id` may be taken.
        public static let start = Phase(description: "start")
        /// `run`: `run()` of the module, or of one of its components.
        public static let run = Phase(description: "run")
        /// `shutdown`: the end of the calls in hand, then `shutdown()`. Throws nothing, but may take too long.
        static let shutdown = Phase(description: "shutdown")
    }

    /// The instance's `Id`.
    public let instance: InstanceID
    /// What it was at.
    public let phase: Phase
    /// What it threw.
    public let underlyingError: any Error

    /// One line: the instance, the phase, and what was thrown.
    public var description: String { "module \(instance) failed in \(phase): \(underlyingError)" }
}
