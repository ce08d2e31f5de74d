/// A string of the file after `${NAME}` was put in. It remembers what came from the environment, so that it can be
/// shown without a secret, or without all of that.
struct ConfigurationText: Sendable, Hashable {
    /// A stretch of `value` that came from an environment variable.
    struct Substitution: Sendable, Hashable {
        /// UTF-8 offsets in `value`; may be empty.
        let range: Range<Int>
        let name: String
    }

    /// The text that counts. Not to be printed: it may hold secrets.
    let value: String

    let substitutions: [Substitution]

    /// The name of the variable, if the whole text is one `${NAME}` or `${NAME:-default}`: such a text may be a number,
    /// or true or false, where the key wants that.
    let wholeVariable: String?

    init(_ value: String, substitutions: [Substitution] = [], wholeVariable: String? = nil) {
        self.value = value
        self.substitutions = substitutions
        self.wholeVariable = wholeVariable
    }

    var isFromEnvironment: Bool { !substitutions.isEmpty }

    /// Whether a part of it came from a variable whose name says that it is a secret.
    var isSecret: Bool { substitutions.contains { SecretName.isLikely($0.name) } }

    /// The text for the operator's eyes: `${NAME}` in place of what came from a variable that is a secret by its name.
    var shown: String { shown(0..<value.utf8.count) }

    /// A part of the text, by UTF-8 offsets, for the operator's eyes.
    func shown(_ range: Range<Int>) -> String {
        text(range, without: substitutions.filter { SecretName.isLikely($0.name) })
    }

    /// The text with `${NAME}` in place of all that came from the environment.
    var redacted: String { text(0..<value.utf8.count, without: substitutions) }

    private func text(_ range: Range<Int>, without substitutions: [Substitution]) -> String {
        let bytes = Array(value.utf8)
        let range = range.clamped(to: 0..<bytes.count)
        var text = ""
        var index = range.lowerBound
        for substitution in substitutions {
            let isInside =
                substitution.range.isEmpty
                ? (range.lowerBound...range.upperBound).contains(substitution.range.lowerBound)
                : substitution.range.overlaps(range)
            guard isInside else { continue }
            if index < substitution.range.lowerBound {
                text += String(decoding: bytes[index..<substitution.range.lowerBound], as: UTF8.self)
            }
            text += "${\(substitution.name)}"
            index = max(index, substitution.range.upperBound)
        }
        if index < range.upperBound { text += String(decoding: bytes[index..<range.upperBound], as: UTF8.self) }
        return text
    }
}

extension ConfigurationText: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The text without what came from the environment; so is every description, lest a log or a dump show it.
    var description: String { redacted }

    var debugDescription: String { redacted }

    var customMirror: Mirror { Mirror(self, children: []) }
}
