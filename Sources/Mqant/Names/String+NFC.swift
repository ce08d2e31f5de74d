// The standard library has it, for its own comparison of strings; Foundation's would load ICU, 40 MB of it.
@_spi(_Unicode) import Swift

extension String {
    /// Longer texts are no names. In the worst case composing takes time in the square of the length.
    private static let longestComposed = 1024

    /// The text in Unicode's Normalization Form C (UAX #15), in which one é has one spelling.
    ///
    /// For names that people type: of users, of rooms. Everything behind compares bytes, as a broker does, so a module
    /// composes a name once, where it comes in (docs/wire.md §1). A text of more than 1024 bytes stays as it is.
    public var nfc: String {
        guard utf8.count <= Self.longestComposed, !utf8.allSatisfy({ $0 < 0x80 }) else { return self }
        var scalars = UnicodeScalarView()
        for scalar in _nfc { scalars.append(scalar) }
        return String(scalars)
    }
}
