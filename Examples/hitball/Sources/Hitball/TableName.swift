import Mqant

/// A table's name as clients write it, composed, and what follows from it.
struct TableName: Sendable {
    /// The longest name, in bytes of UTF-8.
    static let maximumByteCount = 40

    let text: String

    init(validating text: String) throws(HandlerError) {
        self.text = text.nfc
        guard !text.isEmpty, self.text.utf8.count <= Self.maximumByteCount else { throw HitballError.wrongTable }
    }

    /// The sessions that are told how the table stands.
    var group: GroupName { .owned(by: Hitball.type, key: text) }
}
