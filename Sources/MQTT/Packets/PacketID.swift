/// A packet identifier, 1...65535 (MQTT 3.1.1 §2.3.1). Either side chooses its own; the two never meet.
package struct PacketID: RawRepresentable, Sendable, Hashable {
    package let rawValue: UInt16

    /// Nil for 0, which is not an identifier.
    package init?(rawValue: UInt16) {
        guard rawValue != 0 else { return nil }
        self.rawValue = rawValue
    }

    /// The identifier 1, which a session hands out first.
    package static let first = PacketID(valid: 1)

    /// The identifier after this one; 1 comes after 65535.
    package var next: PacketID {
        rawValue == .max ? .first : PacketID(valid: rawValue &+ 1)
    }

    private init(valid rawValue: UInt16) {
        self.rawValue = rawValue
    }
}
