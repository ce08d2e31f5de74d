/// Whom a call is for.
public enum Endpoint: Sendable, Hashable, ExpressibleByStringLiteral {
    /// Any live instance of the type: a local one first unless it is full, else the less busy of two.
    case any(ModuleType)
    /// The one live instance that owns the key, by rendezvous hashing: the same for every caller with the same view.
    case keyed(ModuleType, key: String)
    /// The instance with this id.
    case instance(InstanceID)

    /// A module type: any of its instances.
    public init(stringLiteral value: String) { self = .any(ModuleType(value)) }
}
