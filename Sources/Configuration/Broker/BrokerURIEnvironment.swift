import MqantAMQPURI

/// Makes what came from the environment into a URI fit where it stands: a password such as `a?b` is percent-encoded, so that
/// its characters do not end the part that it is in.
///
/// - A variable at the very beginning holds a URI, or its beginning: it stands as it is.
/// - So does one in the place of host and port: `${HOST}:${PORT}`, or `host:port` in one.
/// - Any other stands in user, password, virtual host or parameters. If its value can stand there as it is, it does: so a value
///   that is percent-encoded already works. Else all of it is percent-encoded.
/// - The `:` between user and password may come from a variable that stands for both, `amqp://${LOGIN}@host`.
struct BrokerURIEnvironment {
    private let bytes: [UInt8]
    private let substitutions: [ConfigurationText.Substitution]
    /// Of what precedes `@`, of the virtual host, of the parameters.
    private var user = 0..<0
    private var virtualHost = 0..<0
    private var parameters = 0..<0

    static func encoded(_ text: ConfigurationText) -> ConfigurationText {
        guard text.isFromEnvironment, let environment = Self(text) else { return text }
        return environment.encoded()
    }

    /// Nil: no scheme is written, so that no part can be told from another.
    private init?(_ text: ConfigurationText) {
        bytes = Array(text.value.utf8)
        substitutions = text.substitutions
        guard let colon = firstWritten(":", in: 0..<bytes.count), bytes[colon...].starts(with: "://".utf8) else {
            return nil
        }
        let start = colon + 3
        let query = firstWritten("?", in: start..<bytes.count) ?? bytes.count
        let slash = firstWritten("/", in: start..<query) ?? query
        if let at = (start..<slash).last(where: { bytes[$0] == UInt8(ascii: "@") && isWritten($0) }) {
            user = start..<at
        }
        virtualHost = min(slash + 1, query)..<query
        parameters = min(query + 1, bytes.count)..<bytes.count
    }

    /// Whether a byte stands in the file, or in the variable that the text begins with.
    private func isWritten(_ offset: Int) -> Bool {
        !substitutions.contains { $0.range.contains(offset) && $0.range.lowerBound > 0 }
    }

    private func firstWritten(_ character: Unicode.Scalar, in range: Range<Int>) -> Int? {
        range.first { bytes[$0] == UInt8(truncatingIfNeeded: character.value) && isWritten($0) }
    }

    private func encoded() -> ConfigurationText {
        var output: [UInt8] = []
        var moved: [ConfigurationText.Substitution] = []
        var index = 0
        for substitution in substitutions {
            output += bytes[index..<substitution.range.lowerBound]
            let start = output.count
            output += fitting(substitution.range)
            moved.append(.init(range: start..<output.count, name: substitution.name))
            index = substitution.range.upperBound
        }
        output += bytes[index...]
        return ConfigurationText(String(decoding: output, as: UTF8.self), substitutions: moved)
    }

    private func fitting(_ range: Range<Int>) -> [UInt8] {
        let value = bytes[range]
        let isBoth = range == user
        let delimiters: String
        if range.isEmpty || range.lowerBound == 0 {
            return Array(value)
        } else if isBoth || (user.contains(range.lowerBound) && isPassword(range)) {
            delimiters = "?/#@"
        } else if user.contains(range.lowerBound) {
            delimiters = "?/#@:"
        } else if virtualHost.contains(range.lowerBound) {
            delimiters = "?/#"
        } else if parameters.contains(range.lowerBound) {
            delimiters = "#"
        } else {
            return Array(value)
        }
        guard value.contains(where: delimiters.utf8.contains) || PercentCoding.decode(value) == nil else {
            return Array(value)
        }
        guard isBoth, let colon = value.firstIndex(of: UInt8(ascii: ":")) else { return PercentCoding.encode(value) }
        return PercentCoding.encode(value[..<colon]) + [UInt8(ascii: ":")] + PercentCoding.encode(value[(colon + 1)...])
    }

    private func isPassword(_ range: Range<Int>) -> Bool {
        firstWritten(":", in: user.lowerBound..<range.lowerBound) != nil
    }
}
