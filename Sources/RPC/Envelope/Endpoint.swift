/// Which instance a call is for: `"Login"`, `.keyed("Table", key: table)`, `.instance(id)`.
///
/// Versions to come may have more kinds, so this is no enum.
public struct Endpoint: Sendable, Hashable, ExpressibleByStringLiteral {
    package enum Kind: Sendable, Hashable {
        case any(ModuleType)
        case keyed(ModuleType, key: String)
        case instance(InstanceID)
        case ownerOf(GroupName)
    }

    package let kind: Kind

    /// Any live instance of the type: a local one first unless it is full, else the less busy of two.
    public static func any(_ type: ModuleType) -> Self { Self(kind: .any(type)) }

    /// The one live instance that owns the key, by rendezvous hashing: the same for every caller with the same view.
    public static func keyed(_ type: ModuleType, key: String) -> Self { Self(kind: .keyed(type, key: key)) }

    /// The instance with this id.
    public static func instance(_ id: InstanceID) -> Self { Self(kind: .instance(id)) }

    /// The instance that owns a group.
    package static func ownerOf(_ group: GroupName) -> Self { Self(kind: .ownerOf(group)) }

    private init(kind: Kind) { self.kind = kind }

    /// A module type: any of its instances.
    public init(stringLiteral value: String) { self = .any(ModuleType(value)) }
}
