/// Something that happened to another node of the cluster, or to an instance there: `ModuleContext.membership`.
public struct MembershipEvent: Sendable, Hashable {
    /// What happened. Versions to come may tell of more, so this is no enum: let a `switch` have a `default` that does nothing.
    public struct Kind: Sendable, Hashable {
        private enum Value: Sendable, Hashable {
            case joined, left, died, unreachable, reachable, served, withdrawn
        }

        private let value: Value

        /// A node is there.
        public static let joined = Self(value: .joined)
        /// A node ended in order.
        public static let left = Self(value: .left)
        /// A node's connection is gone: its process was killed, or reconnects, and then joins again.
        public static let died = Self(value: .died)
        /// A node does not answer, which proves nothing: it gets no new calls but those for its very instances.
        public static let unreachable = Self(value: .unreachable)
        /// It answers again.
        public static let reachable = Self(value: .reachable)
        /// A node serves an instance.
        public static let served = Self(value: .served)
        /// It serves the instance no longer, in whatever way that ended.
        public static let withdrawn = Self(value: .withdrawn)
    }

    /// What happened.
    public var kind: Kind
    /// The node. A process is another node after its restart.
    public var node: NodeID
    /// The address of its machine, for people.
    public var host: String
    /// The instance, if this is about one: `served`, `withdrawn`.
    public var instance: InstanceID?
    /// The instance's module type.
    public var type: ModuleType?
}
