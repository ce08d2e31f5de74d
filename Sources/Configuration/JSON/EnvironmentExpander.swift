/// Puts environment variables into every string of a file: `${NAME}`, or `${NAME:-text}` for a variable that is unset
/// or empty. `$${` stands for the characters `${`; any other `$` is itself.
struct EnvironmentExpander {
    private let source: ConfigurationSource
    private let environment: [String: String]
    private(set) var faults: [ConfigurationError.Fault] = []

    init(source: ConfigurationSource, environment: [String: String]) {
        self.source = source
        self.environment = environment
    }

    /// The value with all its strings expanded; what could not be is left and told in `faults`.
    mutating func expand(_ value: ConfigurationValue, path: ConfigurationPath) -> ConfigurationValue {
        var value = value
        switch value.content {
        case .null, .bool, .number:
            break
        case .string(let text):
            guard text.value.utf8.contains(UInt8(ascii: "$")) else { break }
            do throws(Malformed) {
                value.content = .string(try expand(text.value))
            } catch {
                faults.append(source.fault(at: value.offset, path: path, error.message))
            }
        case .array(let elements):
            var expanded: [ConfigurationValue] = []
            for (index, element) in elements.enumerated() {
                expanded.append(expand(element, path: path.appending(index)))
            }
            value.content = .array(expanded)
        case .object(var members):
            for index in members.indices {
                members[index].value = expand(members[index].value, path: path.appending(members[index].key))
            }
            value.content = .object(members)
        }
        return value
    }

    private struct Malformed: Error {
        let message: String
    }

    private func expand(_ text: String) throws(Malformed) -> ConfigurationText {
        let bytes = Array(text.utf8)
        var output: [UInt8] = []
        var substitutions: [ConfigurationText.Substitution] = []
        var wholeVariable: String?
        var index = 0
        while index < bytes.count {
            let rest = bytes[index...]
            if rest.starts(with: "$${".utf8) {
                output += "${".utf8
                index += 3
            } else if rest.starts(with: "${".utf8) {
                guard let end = rest.firstIndex(of: UInt8(ascii: "}")) else {
                    throw Malformed(message: "'${' without a closing '}'; write '$${' for the characters themselves")
                }
                let start = output.count
                let (name, isSet) = try substitute(bytes[(index + 2)..<end], into: &output)
                if isSet { substitutions.append(.init(range: start..<output.count, name: name)) }
                if index == 0, end + 1 == bytes.count { wholeVariable = name }
                index = end + 1
            } else {
                output.append(bytes[index])
                index += 1
            }
        }
        return ConfigurationText(
            String(decoding: output, as: UTF8.self), substitutions: substitutions, wholeVariable: wholeVariable)
    }

    /// Appends what `NAME` or `NAME:-default` stands for.
    /// - Returns: the name, and whether that came from the environment.
    private func substitute(
        _ expression: ArraySlice<UInt8>, into output: inout [UInt8]
    ) throws(Malformed) -> (name: String, isSet: Bool) {
        let head = expression.prefix { $0.isNameByte }
        let tail = expression.dropFirst(head.count)
        let name = String(decoding: head, as: UTF8.self)
        guard let first = head.first, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else {
            throw Malformed(message: "expected the name of an environment variable after '${'")
        }
        guard tail.isEmpty || tail.starts(with: ":-".utf8) else {
            throw Malformed(message: "expected '}' or ':-' after '${\(name)'")
        }
        let fallback = tail.dropFirst(2)
        guard !String(decoding: fallback, as: UTF8.self).contains("${") else {
            throw Malformed(message: "the default of '${\(name)' holds '${': one variable does not nest in another")
        }
        let value = environment[name]
        if let value, !value.isEmpty || tail.isEmpty {
            output += value.utf8
            return (name, true)
        }
        guard !tail.isEmpty else {
            throw Malformed(
                message: "the environment variable \(name) is not set; set it, or give a default: ${\(name):-…}")
        }
        output += fallback
        return (name, false)
    }
}

extension UInt8 {
    fileprivate var isNameByte: Bool {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
