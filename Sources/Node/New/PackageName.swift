import MqantServer

/// The name of a new package, and the names that follow from it: `my-game` has the module `MyGame` and the program
/// `my-game-server`.
struct PackageName: Sendable {
    /// What a name is made of.
    static let rule = "letters (A-Z, a-z), digits and single hyphens between them, a letter first"
    /// The longest name, in characters.
    static let maximumLength = 40

    /// As it was given: the package's name.
    let text: String
    /// The module's target, and its type.
    let module: String
    /// The executable's target, and the program's name.
    let program: String

    /// - Throws: `NewError` for what makes no names of packages, targets and types.
    init(validating text: String) throws(NewError) {
        let shown = "'\(TerminalText.line(text))'"
        var words = text.split(separator: "-", omittingEmptySubsequences: false)
        guard let first = text.utf8.first, first.isLetter, words.allSatisfy(Self.isWord) else {
            throw NewError("\(shown) is no name for a package: it takes \(Self.rule)")
        }
        guard text.utf8.count <= Self.maximumLength else {
            throw NewError("\(shown) is too long for a package: at most \(Self.maximumLength) characters")
        }
        // A server is what it makes anyway.
        if words.count > 1, words.last?.lowercased() == "server" { words.removeLast() }
        self.text = text
        module = words.map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
        program = words.joined(separator: "-") + "-server"
        if ReservedNames.keywords.contains(text.lowercased()) {
            throw NewError("\(shown) is a keyword of Swift: choose another name")
        }
        if ReservedNames.contains(module) {
            throw NewError(
                "\(shown) would make a module \(module), and there is one or a type of that name: choose another name")
        }
    }

    private static func isWord(_ word: Substring) -> Bool {
        !word.isEmpty && word.utf8.allSatisfy { $0.isLetter || (0x30...0x39).contains($0) }
    }
}

extension UInt8 {
    /// True for A to Z and a to z.
    fileprivate var isLetter: Bool { (0x41...0x5a).contains(self) || (0x61...0x7a).contains(self) }
}
