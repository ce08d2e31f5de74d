import Mqant

/// A chat room: a group under the name that clients use.
struct Room: Codable, Sendable {
    /// The longest name, in bytes of UTF-8.
    static let maximumNameByteCount = 128

    let name: String

    /// Takes a client's room name, composed, so that one é is one room; nil if it is missing or empty.
    init?(validating name: String?) throws(HandlerError) {
        guard let name = name?.nfc, !name.isEmpty else { return nil }
        guard name.utf8.count <= Self.maximumNameByteCount else { throw ChatError.roomNameTooLong }
        self.name = name
    }

    var group: GroupName { .owned(by: Chat.type, key: name) }
}
