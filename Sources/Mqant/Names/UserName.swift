import MqantRPC

/// A user's name, as people type it, made fit to be a user id: in Unicode's Normalization Form C, and such that two
/// different names never look the same because of characters that do not show.
///
///     let name = try UserName(request.userName ?? "")
///     try await session.bind(name.text)
///
/// Any letters will do, emoji too, and a name may begin with a combining mark. Refused are controls (NUL, line feeds),
/// characters that turn the direction of writing (U+202E), those that do not show, and blanks at either end.
public struct UserName: Sendable, Hashable, CustomStringConvertible {
    /// The longest name, in bytes of UTF-8.
    public static let maximumByteCount = 128

    /// The name, composed.
    public let text: String

    /// Checks a name and composes it.
    ///
    /// - Throws: what is wrong with it.
    public init(_ text: String) throws(Fault) {
        let text = text.nfc
        guard text.utf8.count <= Self.maximumByteCount else { throw .tooLong }
        let scalars = text.unicodeScalars
        guard let first = scalars.first, let last = scalars.last else { throw .empty }
        if scalars.contains(where: \.isForbiddenInNames) { throw .forbiddenCharacter }
        if scalars.allSatisfy(\.isBlankInNames) { throw .blank }
        guard !first.isBlankInNames, !last.isBlankInNames || text.endsInEmoji else { throw .blankEnd }
        self.text = text
    }

    /// The name.
    public var description: String { text }

    /// Whether the bytes of both names are the same.
    public static func == (left: UserName, right: UserName) -> Bool { TextKey(left.text) == TextKey(right.text) }
    /// Hashes the bytes of the name.
    public func hash(into hasher: inout Hasher) { TextKey(text).hash(into: &hasher) }
}

extension UserName {
    /// What is wrong with a text that was to be a name. Its description goes behind the name of the thing: `userName is
    /// blank`.
    public struct Fault: Error, Sendable, Hashable, CustomStringConvertible {
        /// There is none.
        public static let empty = Fault("is empty")
        /// It has more than ``UserName/maximumByteCount`` bytes.
        public static let tooLong = Fault("is longer than \(UserName.maximumByteCount) bytes")
        /// It is made of characters that do not show.
        public static let blank = Fault("is blank")
        /// Its first or last character does not show.
        public static let blankEnd = Fault("begins or ends with a blank")
        /// A control character, one that turns the direction of writing, or one that does not show.
        public static let forbiddenCharacter = Fault("has a character that names must not have")

        /// What is wrong.
        public let description: String

        private init(_ description: String) { self.description = description }
    }
}

extension Unicode.Scalar {
    /// Controls, separators of lines and paragraphs, and characters of format (UAX #44: Cc, Zl, Zp, Cf), but for the
    /// two joiners: emoji and the scripts of India and Persia need them.
    fileprivate var isForbiddenInNames: Bool {
        switch properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator: true
        case .format: self != "\u{200c}" && self != "\u{200d}"
        default: false
        }
    }

    /// White space, and what shows nothing by itself: joiners, selectors of variants, the fillers of Hangul, Braille's
    /// blank.
    fileprivate var isBlankInNames: Bool {
        properties.isWhitespace || properties.isDefaultIgnorableCodePoint || self == "\u{2800}"
    }
}

extension String {
    /// Whether the end is an emoji with its selector, U+FE0F.
    fileprivate var endsInEmoji: Bool {
        let end = unicodeScalars.suffix(2)
        guard end.count == 2, end.last == "\u{fe0f}", let emoji = end.first else { return false }
        return emoji.properties.isEmoji && !emoji.isASCII
    }
}
