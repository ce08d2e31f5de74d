import Testing

@testable import MqantConfiguration

@Suite("Settings, key by key")
struct SettingsReaderTests {
    private enum Policy: String, CaseIterable { case kick, refuse, allow }

    private static let text = """
        {
          // a bit of everything
          "S": "text", "I": 42, "B": true, "D": 2.5, "T": 0.25, "P": "refuse",
          "L": ["a", "b"], "One": "a", "N": null,
          "O": { "X": 1 },
          "A": [ { "X": 1 }, { "X": 2 } ],
          "TCPAddr": ":3563", "WSAddr": "[::1]:3653", "Off": ""
        }
        """

    @Test("reads every type")
    func reads() throws {
        try SettingsObject(text: Self.text).read { reader in
            check(reader.string("S"), "text")
            check(reader.int("I", in: 0...100), 42)
            check(reader.bool("B"), true)
            check(reader.double("D", in: 0...3), 2.5)
            check(reader.double("I", in: 0...100), 42)
            check(reader.duration("T"), .milliseconds(250))
            check(reader.duration("I"), .seconds(42))
            check(reader.choice("P", default: Policy.kick), .refuse)
            check(reader.strings("L"), ["a", "b"])
            check(reader.strings("One"), ["a"])
            check(reader.string("N", default: "d"), "d")
            check(reader.object("O") { $0.int("X", in: 0...9, default: 0) }, 1)
            check(reader.objects("A") { $0.int("X", in: 0...9, default: 0) }, [1, 2])
            check(reader.listenAddress("TCPAddr", as: "TCP"), ListenAddress(port: 3563))
            check(reader.listenAddress("WSAddr", as: "WS"), ListenAddress(host: "::1", port: 3653))
            check(reader.listenAddress("Off", as: "TLS"), nil)
            check(reader.listenAddress("Web", as: "HTTP", default: ListenAddress(port: 8080))?.port, 8080)
            #expect(
                reader.listeners.map { "\($0.label) \($0.shownAddress)" } == [
                    "TCP :3563", "WS [::1]:3653", "HTTP :8080",
                ])
            #expect(reader.keys.first == "S")
        }
    }

    @Test("answers defaults where keys are absent, and nil where nothing is required")
    func defaults() throws {
        try SettingsObject(text: "{}").read { reader in
            check(reader.string("S"), nil)
            check(reader.string("S", default: "d"), "d")
            check(reader.int("I", in: 0...9, default: 3), 3)
            check(reader.bool("B", default: true), true)
            check(reader.double("D", in: 0...9, default: 1), 1)
            check(reader.duration("T", default: .seconds(3)), .seconds(3))
            check(reader.choice("P", default: Policy.allow), .allow)
            check(reader.strings("L", default: ["x"]), ["x"])
            check(reader.object("O") { _ in 1 }, nil)
            check(reader.objects("A") { _ in 1 }, nil)
        }
    }

    @Test(
        "says what is wrong with a value, and where",
        arguments: [
            ("{\n S: 7}", "Settings:2:5: Settings.S: must be a string, but is a number"),
            ("{S: null}", "Settings:1:5: Settings.S: is missing"),
            ("\n{I: 1, B: true}", "Settings:2:1: Settings.S: is missing"),
            ("{S:'', I: 0}", "Settings:1:11: Settings.I: must be a whole number from 1 to 9, but is 0"),
            ("{S:'', I: 10}", "must be a whole number from 1 to 9, but is 10"),
            ("{S:'', I: 2.0}", "must be a whole number from 1 to 9, but is 2.0"),
            ("{S:'', I: 1e0}", "must be a whole number from 1 to 9, but is 1e0"),
            ("{S:'', I: 99999999999999999999999999999999}", "but is 999999999999999999999999…"),
            ("{S:'', I: '5'}", "must be a whole number from 1 to 9, but is a string; write it without quotes"),
            ("{S:'', I: 'x'}", "must be a whole number from 1 to 9, but is a string"),
            ("{S:'', I: true}", "must be a whole number from 1 to 9, but is true"),
            ("{S:'', B: 1}", "Settings.B: must be true or false, but is a number"),
            ("{S:'', D: 1e999}", "Settings.D: must be a number from 0.0 to 1.0, but is 1e999"),
            ("{S:'', T: 0}", "Settings.T: must be a number of seconds from 0.001 to 86400, but is 0"),
            ("{S:'', T: -1}", "but is -1"),
            ("{S:'', T: 1e300}", "but is 1e300"),
            ("{S:'', T: '10s'}", "Settings.T: must be a number of seconds from 0.001 to 86400, but is a string"),
            ("{S:'', P: 'ban'}", "Settings.P: must be one of \"kick\", \"refuse\", \"allow\", but is \"ban\""),
            ("{S:'', L: [1]}", "Settings:1:12: Settings.L[0]: must be a string, but is a number"),
            ("{S:'', L: {}}", "Settings.L: must be a string or an array of strings, but is an object"),
            ("{S:'', O: []}", "Settings.O: must be an object, but is an array"),
            ("{S:'', O: {X: ''}}", "Settings.O.X: must be a whole number from 1 to 9, but is a string"),
            ("{S:'', O: {Y: 1}}", "Settings:1:12: Settings.O.Y: is not a known key"),
            ("{S:'', A: {}}", "Settings.A: must be an array of objects, but is an object"),
            ("{S:'', A: [{}, 1]}", "Settings.A[1]: must be an object, but is a number"),
            ("{S:'', A: [{x: 1}]}", "Settings.A[0].x: is not a known key; did you mean X?"),
            ("{S:'', W: '3563'}", "Settings.W: must be \"host:port\" or \":port\", with a port from 0 to 65535"),
            ("{S:'', i: 3}", "Settings:1:8: Settings.i: is not a known key; did you mean I?"),
            ("{S:'', Unheard: 3}", "Settings.Unheard: is not a known key"),
            ("{S:'', New: 1, Old: 2}", "Settings:1:16: Settings.Old: means the same as New, which is given too"),
            ("{S:'', Old: 1, New: 2}", "Settings.New: means the same as Old, which is given too"),
            ("{S:'', Old: 'x'}", "Settings:1:13: Settings.Old: must be a whole number from 1 to 9, but is a string"),
        ])
    func faults(text: String, expected: String) throws {
        let error = #expect(throws: ConfigurationError.self) { try SettingsObject(text: text).read(Self.readAll) }
        #expect(error?.faults.count == 1)
        let fault = error?.faults.first?.description ?? ""
        #expect(fault.contains(expected), "\(fault)")
    }

    @Test("takes a variable that stands for the whole value as what the key wants")
    func typedVariables() throws {
        let environment = ["I": "42", "B": "true", "D": "-2.5e-1", "T": " 0.25\n", "S": "7"]
        let text = """
            { I: '${I}', J: '${NONE:-20000}', B: '${B}', C: '${NONE:-false}', D: '${D}', T: '${T}', S: '${S}' }
            """
        try SettingsObject(text: text, environment: environment).read { reader in
            check(reader.int("I", in: 0...100), 42)
            check(reader.int("J", in: 0...100_000), 20_000)
            check(reader.bool("B"), true)
            check(reader.bool("C"), false)
            check(reader.double("D", in: -1...1), -0.25)
            check(reader.duration("T"), .milliseconds(250))
            check(reader.string("S"), "7")
        }
    }

    @Test(
        "says which variable does not stand for what the key wants, and what for unless it is a secret",
        arguments: [
            (
                "{S:'', I: '${X}'}",
                "Settings:1:11: Settings.I: must be a whole number from 1 to 9, but ${X} is \"x \\\"y\""
            ),
            ("{S:'', I: '${LARGE}'}", "must be a whole number from 1 to 9, but ${LARGE} is \"99\""),
            ("{S:'', I: '${NONE:-}'}", "must be a whole number from 1 to 9, but ${NONE} is \"\""),
            ("{S:'', I: '${LARGE}0'}", "must be a whole number from 1 to 9, but is a string; write it without quotes"),
            ("{S:'', I: '${API_TOKEN}'}", "Settings.I: must be a whole number from 1 to 9, which ${API_TOKEN} is not"),
            ("{S:'', B: '${LARGE}'}", "Settings.B: must be true or false, but ${LARGE} is \"99\""),
            ("{S:'', D: '${X}'}", "Settings.D: must be a number from 0.0 to 1.0, but ${X} is"),
            (
                "{S:'', T: '${HEX}'}",
                "Settings.T: must be a number of seconds from 0.001 to 86400, but ${HEX} is \"0x1\""
            ),
            ("{S:'', P: '${X}'}", "Settings.P: must be one of \"kick\", \"refuse\", \"allow\", but is \"x \\\"y\""),
            ("{S:'', P: '${API_TOKEN}'}", "allow\", but is \"${API_TOKEN}\""),
        ])
    func variableFaults(text: String, expected: String) throws {
        let environment = ["X": "x \"y", "LARGE": "99", "API_TOKEN": "hunter2", "HEX": "0x1"]
        let settings = try SettingsObject(text: text, environment: environment)
        let error = #expect(throws: ConfigurationError.self) { try settings.read(Self.readAll) }
        #expect(error?.faults.count == 1)
        let fault = error?.faults.first?.description ?? ""
        #expect(fault.contains(expected), "\(fault)")
        #expect(!fault.contains("hunter2"))
    }

    @Test("shows no value of the environment under a key that is a secret's")
    func secretKeys() throws {
        let settings = try SettingsObject(
            text: "{ passWord: '${X}', Login: { ApiKey: '${X}' }, Plain: '${X}' }", environment: ["X": "hunter2"])
        let error = #expect(throws: ConfigurationError.self) {
            try settings.read { reader in
                _ = reader.int("passWord", in: 0...9)
                _ = reader.object("Login") { $0.bool("ApiKey") }
                _ = reader.int("Plain", in: 0...9)
            }
        }
        #expect(
            error?.faults.map(\.message) == [
                "must be a whole number from 0 to 9, which ${X} is not", "must be true or false, which ${X} is not",
                "must be a whole number from 0 to 9, but ${X} is \"hunter2\"",
            ])
    }

    @Test("collects all faults in the order of the file")
    func all() {
        let text = "{ Zebra: 1,\n I: 0, O: { X: 0, Q: 1 },\n B: 7 }"
        let error = #expect(throws: ConfigurationError.self) { try SettingsObject(text: text).read(Self.readAll) }
        #expect(
            error?.faults.map(\.keyPath) == [
                "Settings.S", "Settings.Zebra", "Settings.I", "Settings.O.X", "Settings.O.Q", "Settings.B",
            ])
        #expect(error?.description.hasSuffix("\n6 faults") == true)
    }

    @Test("reads an old name where the new one is absent")
    func alias() throws {
        let value = try SettingsObject(text: "{Old: 4}").read { reader in
            reader.alias("Old", for: "New")
            return reader.int("New", in: 1...9, default: 1)
        }
        #expect(value == 4)
    }

    @Test("never shows what came from a variable that is a secret by its name")
    func secrets() throws {
        let environment = ["API_KEY": "hunter2"]
        let text = """
            {S: '${API_KEY}', I: '${API_KEY}', P: '${API_KEY}', W: '${API_KEY}', T: '${API_KEY}', B: '${API_KEY}',
             L: ['${API_KEY}', 1]}
            """
        let settings = try SettingsObject(text: text, environment: environment)
        let error = #expect(throws: ConfigurationError.self) { try settings.read(Self.readAll) }
        #expect(error?.faults.count == 6)
        #expect(error?.description.contains("hunter2") == false)
        #expect(error?.description.contains("but is \"${API_KEY}\"") == true)
        var reader = try SettingsObject(text: "{W: '${API_KEY}:1'}", environment: environment).reader
        check(reader.listenAddress("W", as: "TCP")?.host, "hunter2")
        #expect(reader.listeners.first?.shownAddress == "${API_KEY}:1")
    }

    @Test("a module's own fault stands at its key")
    func ownFault() {
        let error = #expect(throws: ConfigurationError.self) {
            try SettingsObject(text: "{\n Cert: ''}").read { reader in
                if reader.string("Cert")?.isEmpty == true { reader.fault(at: "Cert", "names no file") }
                reader.fault(at: "Key", "is missing where Cert is given")
            }
        }
        #expect(
            error?.faults.map(\.description) == [
                "Settings:1:1: Settings.Key: is missing where Cert is given",
                "Settings:2:8: Settings.Cert: names no file",
            ])
    }

    @Test(
        "reads addresses to listen on",
        arguments: [
            (":3563", "", 3563), ("0.0.0.0:0", "0.0.0.0", 0), ("localhost:65535", "localhost", 65_535),
            ("[fd00::5]:1", "fd00::5", 1),
        ])
    func listenAddress(text: String, host: String, port: Int) {
        #expect(ListenAddress(text) == ListenAddress(host: host, port: port))
        #expect(ListenAddress(text)?.description == text)
    }

    @Test(
        "refuses what is none",
        arguments: [
            "", "3563", "host", ":", ":x", ":65536", ":-1", ":+1", "::1:80", "[::1]", "[10.0.0.1]:1", "a b:1",
            "http://h:1",
        ])
    func noListenAddress(text: String) {
        #expect(ListenAddress(text) == nil)
    }

    /// `#expect` cannot call what mutates the reader.
    private func check<Value: Equatable>(
        _ value: Value, _ expected: Value, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(value == expected, sourceLocation: sourceLocation)
    }

    private static func readAll(_ reader: inout SettingsReader) {
        _ = reader.string("S", required: true)
        _ = reader.int("I", in: 1...9)
        _ = reader.bool("B")
        _ = reader.double("D", in: 0...1)
        _ = reader.duration("T")
        _ = reader.choice("P", of: Policy.self)
        _ = reader.strings("L")
        _ = reader.object("O") { $0.int("X", in: 1...9) }
        _ = reader.objects("A") { $0.int("X", in: 1...9) }
        _ = reader.listenAddress("W", as: "WS")
        reader.alias("Old", for: "New")
        _ = reader.int("New", in: 1...9)
    }
}
