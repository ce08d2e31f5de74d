#if Accounts
    import Crypto
    import CryptoExtras
    import FoundationEssentials

    extension PasswordHash {
        /// Hashes a password, with a salt of its own. Holds its thread for about 0.1 s.
        ///
        /// - Throws: if there is no memory for it.
        package init(of password: Password, cost: ScryptCost) throws {
            let salt = [UInt8].random(count: Self.saltByteCount)
            let key = try Self.key(password, salt: salt, cost: cost, byteCount: Self.keyByteCount)
            self.init(cost: cost, salt: salt, key: key)
        }

        /// Whether the hash is of this password. Holds its thread as long as it took to make the hash.
        ///
        /// - Throws: if there is no memory for it.
        package func matches(_ password: Password) throws -> Bool {
            let other = try Self.key(password, salt: salt, cost: cost, byteCount: key.count)
            return Self.areEqual(key, other)
        }

        private static func key(
            _ password: Password, salt: [UInt8], cost: ScryptCost, byteCount: Int
        ) throws -> [UInt8] {
            // The library traps on an empty collection without storage; one byte of capacity is enough.
            var bytes = password.bytes
            bytes.reserveCapacity(1)
            let key = try KDF.Scrypt.deriveKey(
                from: bytes, salt: salt, outputByteCount: byteCount, rounds: 1 << cost.logN, blockSize: cost.blockSize,
                parallelism: cost.parallelism)
            return key.withUnsafeBytes { Array($0) }
        }
    }
#endif
