import FoundationEssentials

/// The scrypt hash of a password, with all that it takes to check one against it.
///
/// Its text is of the form that most libraries for passwords share (PHC):
/// `$scrypt$ln=15,r=8,p=1$SALT$KEY`, both in base64 without padding.
package struct PasswordHash: Sendable, Hashable {
    static let saltByteCount = 16
    static let keyByteCount = 32

    package let cost: ScryptCost
    let salt: [UInt8]
    let key: [UInt8]

    init(cost: ScryptCost, salt: [UInt8], key: [UInt8]) {
        self.cost = cost
        self.salt = salt
        self.key = key
    }

    /// A hash of no password: what to compute with where there is no account, so that it takes as long as with one.
    static func ofNothing(cost: ScryptCost) -> PasswordHash {
        PasswordHash(cost: cost, salt: .random(count: saltByteCount), key: .random(count: keyByteCount))
    }

    /// Reads a hash; nil where the text is none.
    package init?(_ text: String) {
        guard text.utf8.count <= 256 else { return nil }
        let parts = text.split(separator: "$", omittingEmptySubsequences: false)
        guard parts.count == 5, parts[0].isEmpty, parts[1] == "scrypt", let cost = ScryptCost(parts[2]),
            let salt = [UInt8](unpaddedBase64: parts[3]), let key = [UInt8](unpaddedBase64: parts[4]),
            (8...64).contains(salt.count), (16...64).contains(key.count)
        else { return nil }
        self.init(cost: cost, salt: salt, key: key)
    }

    /// The hash as text.
    package var text: String {
        "$scrypt$ln=\(cost.logN),r=\(cost.blockSize),p=\(cost.parallelism)$\(salt.unpaddedBase64)$\(key.unpaddedBase64)"
    }

    /// Whether two keys are the same, in a time that does not tell where they differ.
    static func areEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        guard left.count == right.count else { return false }
        return zip(left, right).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }
}

extension ScryptCost {
    /// Reads `ln=15,r=8,p=1`.
    fileprivate init?(_ text: Substring) {
        let values = text.split(separator: ",", omittingEmptySubsequences: false).map { $0.split(separator: "=") }
        guard values.count == 3, values.allSatisfy({ $0.count == 2 }), values.map({ $0[0] }) == ["ln", "r", "p"],
            let logN = Int(values[0][1]), let blockSize = Int(values[1][1]), let parallelism = Int(values[2][1])
        else { return nil }
        self.init(logN: logN, blockSize: blockSize, parallelism: parallelism)
    }
}

extension [UInt8] {
    static func random(count: Int) -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        return (0..<count).map { _ in generator.next() }
    }

    fileprivate init?(unpaddedBase64 text: Substring) {
        let padding = String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
        guard let data = Data(base64Encoded: text + padding) else { return nil }
        self.init(data)
    }

    fileprivate var unpaddedBase64: String {
        let text = Data(self).base64EncodedString()
        return String(text.prefix { $0 != "=" })
    }
}
