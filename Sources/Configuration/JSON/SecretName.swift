/// Tells by the name of a key or of an environment variable whether its value is a secret.
enum SecretName {
    private static let words = ["pass", "pwd", "secret", "token", "credential", "auth", "key"]

    /// True for `passWord`, `API_TOKEN` and the like. A name that only looks so hides a harmless value, which costs
    /// little.
    static func isLikely(_ name: String) -> Bool {
        let name = name.lowercased()
        return words.contains { name.contains($0) }
    }
}
