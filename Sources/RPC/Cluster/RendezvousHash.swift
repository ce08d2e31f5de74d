/// Highest-random-weight hashing: each key belongs to the candidate whose hash together with the key is largest.
///
/// When a candidate joins or leaves, only the keys that it gains or had move. The hash is FNV-1a (64 bits) over the
/// candidate's id, a zero byte and the key, finished by an avalanche step so that ids that differ in one digit share
/// keys evenly; it is the same on every machine.
package enum RendezvousHash {
    /// The owner of `key`; nil without candidates. Equal weights go to the larger id.
    package static func owner(of key: String, among candidates: [InstanceID]) -> InstanceID? {
        candidates.max { (weight($0, key), $0) < (weight($1, key), $1) }
    }

    /// The owner of `key`, and who owns it once that one is gone.
    package static func ownerAndHeir(of key: String, among candidates: [InstanceID]) -> (InstanceID?, InstanceID?) {
        let owner = owner(of: key, among: candidates)
        return (owner, Self.owner(of: key, among: candidates.filter { $0 != owner }))
    }

    static func weight(_ candidate: InstanceID, _ key: String) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        func mix(_ byte: UInt8) { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        candidate.rawValue.utf8.forEach(mix)
        mix(0)
        key.utf8.forEach(mix)
        hash ^= hash >> 33
        hash &*= 0xff51_afd7_ed55_8ccd
        hash ^= hash >> 33
        hash &*= 0xc4ce_b9fe_1a85_ec53
        return hash ^ hash >> 33
    }
}
