/// Who owns a group: the name says it.
extension GroupName {
    private static let ownedMark = UInt8(ascii: "@")
    private static let separator = UInt8(ascii: "/")

    /// A group whose pushes the owner of a key sends, an instance of a module type: `@Chat/lobby` for `owned(by: "Chat", key: "lobby")`.
    ///
    /// That is the instance which gets the calls for `Endpoint.keyed` with the same type and key, so what its function pushes
    /// takes no way round. Any other group's pushes go by the Gate that owns its name.
    /// - Parameters:
    ///   - type: a module type, without a slash.
    ///   - key: any text; all bytes together are at most `maximumByteCount`.
    public static func owned(by type: ModuleType, key: String) -> GroupName { GroupName("@\(type)/\(key)") }

    /// The module type whose instances own the group; nil: the Gates do.
    package var ownerType: ModuleType? {
        let bytes = rawValue.utf8
        guard bytes.first == Self.ownedMark, let end = bytes.firstIndex(of: Self.separator) else { return nil }
        return ModuleType(String(decoding: bytes[bytes.index(after: bytes.startIndex)..<end], as: UTF8.self))
    }

    /// The key that is owned.
    package var key: String {
        let bytes = rawValue.utf8
        guard bytes.first == Self.ownedMark, let end = bytes.firstIndex(of: Self.separator) else { return rawValue }
        return String(decoding: bytes[bytes.index(after: end)...], as: UTF8.self)
    }
}
