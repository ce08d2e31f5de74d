/// The instances that somebody takes to be live, of those among which the owners of keys are chosen: who owns a key follows from
/// them alone.
struct OwnershipView: Hashable, Sendable, Codable {
    /// Ordered, each once.
    let instances: [InstanceID]

    init(_ instances: some Sequence<InstanceID>) {
        self.instances = Set(instances).sorted()
    }

    /// The instance that owns the key, and the one that will if that one goes; nil where there is none.
    func ownerAndHeir(of key: String) -> (owner: InstanceID?, heir: InstanceID?) {
        guard instances.count > 1 else { return (instances.first, nil) }
        return RendezvousHash.ownerAndHeir(of: key, among: instances)
    }

    /// Whether the instance is to know who wants a key's groups, as owner or as heir.
    func isResponsible(_ instance: InstanceID, for key: String) -> Bool {
        let (owner, heir) = ownerAndHeir(of: key)
        return owner == instance || heir == instance
    }

    init(from decoder: any Decoder) throws {
        self.init(try decoder.singleValueContainer().decode([InstanceID].self))
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(instances)
    }
}
