import Testing

@testable import MqantConfiguration

@Suite("${NAME} in strings")
struct EnvironmentExpanderTests {
    private static let environment = ["A": "alpha", "EMPTY": "", "P": "s3cret", "_x1": "y", "B": "${A}"]

    private func expand(_ text: String) throws -> (text: ConfigurationText?, fault: String?) {
        let source = try ConfigurationSource(bytes: Array("['\(text)']".utf8), file: "f")
        var expander = EnvironmentExpander(source: source, environment: Self.environment)
        let value = expander.expand(try ConfigurationParser.parse(source), path: ConfigurationPath())
        guard case .string(let text)? = value[0]?.content else { return (nil, nil) }
        return (text, expander.faults.first?.description)
    }

    @Test(
        "puts in what is set, and shows the name alone",
        arguments: [
            ("plain", "plain", "plain"),
            ("${A}", "alpha", "${A}"),
            ("<${A}>", "<alpha>", "<${A}>"),
            ("${A}${P}", "alphas3cret", "${A}${P}"),
            ("${_x1}", "y", "${_x1}"),
            ("${EMPTY}", "", "${EMPTY}"),
            ("a${EMPTY}b", "ab", "a${EMPTY}b"),
            ("${EMPTY:-d}", "d", "d"),
            ("${NONE:-d e:f-g}", "d e:f-g", "d e:f-g"),
            ("${NONE:-}", "", ""),
            ("${A:-d}", "alpha", "${A}"),
            ("${NONE:-pa$$word}", "pa$$word", "pa$$word"),
            ("$${A}", "${A}", "${A}"),
            ("$$${A}", "$${A}", "$${A}"),
            ("$A $ $$ $", "$A $ $$ $", "$A $ $$ $"),
            // What a variable holds is not looked at again.
            ("${B}", "${A}", "${B}"),
            ("é${A}é", "éalphaé", "é${A}é"),
        ])
    func expands(text: String, value: String, shown: String) throws {
        let result = try expand(text)
        #expect(result.fault == nil)
        #expect(result.text?.value == value)
        #expect(result.text?.redacted == shown)
        #expect(result.text?.substitutions.isEmpty == !(shown.contains("${") && !text.hasPrefix("$$")))
    }

    @Test(
        "knows a variable that stands for the whole value",
        arguments: [
            ("${A}", "A"), ("${NONE:-d}", "NONE"), ("${EMPTY}", "EMPTY"), (" ${A}", nil), ("${A} ", nil),
            ("${A}${A}", nil), ("$${A}", nil), ("plain", nil),
        ])
    func wholeVariable(text: String, name: String?) throws {
        #expect(try expand(text).text?.wholeVariable == name)
    }

    @Test("shows what came from the environment, unless its name is a secret's")
    func shown() {
        let text = ConfigurationText(
            "alpha s3cret", substitutions: [.init(range: 0..<5, name: "A"), .init(range: 6..<12, name: "MyPassWord")])
        #expect(text.shown == "alpha ${MyPassWord}")
        #expect(text.shown(2..<7) == "pha ${MyPassWord}")
        #expect("\(text)" == "${A} ${MyPassWord}")
    }

    @Test(
        "refuses what is unset or malformed",
        arguments: [
            ("${NONE}", "the environment variable NONE is not set; set it, or give a default: ${NONE:-…}"),
            ("${A", "'${' without a closing '}'; write '$${' for the characters themselves"),
            ("${}", "expected the name of an environment variable after '${'"),
            ("${1A}", "expected the name of an environment variable after '${'"),
            ("${-x}", "expected the name of an environment variable after '${'"),
            ("${A-x}", "expected '}' or ':-' after '${A'"),
            ("${A:x}", "expected '}' or ':-' after '${A'"),
            ("${A B}", "expected '}' or ':-' after '${A'"),
            ("${NONE:-${A}}", "the default of '${NONE' holds '${': one variable does not nest in another"),
        ])
    func refuses(text: String, message: String) throws {
        #expect(try expand(text).fault == "f:1:2: [0]: \(message)")
    }

    @Test("leaves keys alone, and tells every fault")
    func whole() throws {
        let source = try ConfigurationSource(
            bytes: Array(#"{"${A}": ["${A}", "${X}", {"k": "${Y}"}]}"#.utf8), file: "f")
        var expander = EnvironmentExpander(source: source, environment: Self.environment)
        let value = expander.expand(try ConfigurationParser.parse(source), path: ConfigurationPath())
        #expect(value["${A}"]?[0]?.json == Array("\"alpha\"".utf8))
        #expect(expander.faults.map(\.keyPath) == ["[\"${A}\"][1]", "[\"${A}\"][2].k"])
    }
}
