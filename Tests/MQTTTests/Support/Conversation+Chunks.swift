import MqantMQTT

extension Conversation {
    /// Leads `bytes` through in one piece, byte by byte, and in pieces of pseudo-random sizes, alone and after a CONNECT of
    /// either level: how the bytes were cut must make no difference.
    /// - Returns: what came of them, alone and after each CONNECT.
    /// - Throws: `BrokenInvariant`.
    @discardableResult
    static func agreed(on bytes: [UInt8], seed: UInt64 = 1) throws -> [Conversation] {
        try [nil, ProtocolLevel.v3_1_1, .v3_1].map { level in
            let whole = try Conversation(bytes, after: level) { bytes.count }
            guard try whole == Conversation(bytes, after: level, nextSize: { 1 }) else {
                throw BrokenInvariant("byte by byte is not as in one piece")
            }
            var random = SplitMix(seed: seed)
            guard try whole == Conversation(bytes, after: level, nextSize: { Int.random(in: 1...40, using: &random) })
            else { throw BrokenInvariant("in pieces is not as in one piece, seed \(seed)") }
            return whole
        }
    }
}

/// A generator that gives the same numbers for the same seed everywhere.
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
