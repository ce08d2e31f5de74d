/// The way from the top of a file to a value, written as `Module.Chat[1].Id`.
struct ConfigurationPath: Sendable, Hashable, CustomStringConvertible {
    private enum Component: Sendable, Hashable {
        case key(String)
        case index(Int)
    }

    private var components: [Component] = []

    func appending(_ key: String) -> Self {
        var path = self
        path.components.append(.key(key))
        return path
    }

    func appending(_ index: Int) -> Self {
        var path = self
        path.components.append(.index(index))
        return path
    }

    /// Whether a key on the way says that a secret stands there.
    var isSecret: Bool {
        components.contains { component in
            if case .key(let key) = component { SecretName.isLikely(key) } else { false }
        }
    }

    /// Keys that are no plain words are quoted, so that a path is always one line without control characters.
    var description: String {
        var text = ""
        for component in components {
            switch component {
            case .index(let index):
                text += "[\(index)]"
            case .key(let key) where key.isPlainKey:
                text += text.isEmpty ? key : ".\(key)"
            case .key(let key):
                text += "[\(key.quotedForFault)]"
            }
        }
        return text
    }
}

extension String {
    fileprivate var isPlainKey: Bool {
        !isEmpty && utf8.count <= 64
            && unicodeScalars.allSatisfy { scalar in
                scalar.properties.isAlphabetic || ("0"..."9").contains(scalar) || scalar == "_" || scalar == "-"
            }
    }

    /// In double quotes, without control characters, cut at 60 characters: fit for one line of a terminal.
    var quotedForFault: String {
        var text = ""
        for scalar in unicodeScalars.prefix(60) {
            switch scalar {
            case "\"", "\\": text += "\\" + String(scalar)
            case _ where scalar.isPrintable || scalar == " ": text.unicodeScalars.append(scalar)
            default: text += "\\u{" + String(scalar.value, radix: 16) + "}"
            }
        }
        return "\"\(text)\(unicodeScalars.count > 60 ? "…" : "")\""
    }
}

extension Unicode.Scalar {
    /// Whether this shows as something: no white space, control, format, private or unassigned character.
    var isPrintable: Bool {
        switch properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator,
            .spaceSeparator:
            false
        default:
            true
        }
    }
}
