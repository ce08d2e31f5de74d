/// What computing one scrypt hash takes (RFC 7914 §2): memory of 128 · r · N bytes, and time in proportion to it and to
/// p.
package struct ScryptCost: Sendable, Hashable {
    /// N as a power of two.
    package var logN: Int
    /// The size of a block, r.
    package var blockSize = 8
    /// The rounds that could be computed in parallel, p; here they are computed one after the other.
    package var parallelism = 1

    /// 32 MiB, and about 0.1 s of a server's core in 2025: docs/security.md#passwords.
    package static let standard = ScryptCost(logN: 15)

    /// What may be asked for in the settings: 1 MiB to 1 GiB with a block size of 8.
    package static let allowedLogN = 10...20

    package init(logN: Int) { self.logN = logN }

    /// A cost that was read, from a file that may be broken: nil if it would take more than 1 GiB, or has no meaning.
    init?(logN: Int, blockSize: Int, parallelism: Int) {
        guard (1...20).contains(logN), (1...32).contains(blockSize), (1...16).contains(parallelism) else { return nil }
        self.logN = logN
        self.blockSize = blockSize
        self.parallelism = parallelism
        guard memory <= 1 << 30 else { return nil }
    }

    /// How much memory it takes, in bytes.
    package var memory: Int { 128 * blockSize << logN }
}
