import Testing

@testable import MqantConfiguration

@Suite("Which modules start where")
struct PlacementTests {
    private static let environment = [
        "RABBIT_USER": "root-user", "RABBIT_PASSWORD": "hunter2", "WHO": "who-1", "SECRET": "s3cret", "MAX": "7",
    ]

    private static let resolver = NameResolver { name in
        name == "login.example" ? .success([IPAddress(v4: 10, 0, 0, 2)]) : .failure(.init(reason: "no such name"))
    }

    private func place(
        _ text: String, on list: String, knownTypes: Set<String>? = nil,
        checks: [String: ServerConfiguration.SettingsCheck] = [:]
    ) throws(ConfigurationError) -> Placement {
        let configuration = try ServerConfiguration(
            text: text, file: "f", environment: Self.environment, checks: checks)
        return try Placement(
            configuration, on: Machine(list: list), knownTypes: knownTypes, resolver: Self.resolver)
    }

    @Test(
        "one file, several machines",
        arguments: [
            ("10.0.0.1", ["gate-1", "10.0.0.1:Chat"]), ("10.0.0.2", ["login-1", "10.0.0.2:Chat"]),
            ("10.0.0.3", ["10.0.0.3:Chat"]), ("10.0.0.31,10.0.0.4", ["10.0.0.4:Chat"]), ("10.9.9.9", ["chat-far"]),
            ("192.168.0.1", []),
        ])
    func cluster(machine: String, ids: [String]) throws {
        let placement = try place(SampleFiles.cluster, on: machine)
        #expect(placement.starting.map(\.id) == ids)
        #expect(placement.rows.count == 4)
    }

    @Test("entries of types that this program does not have stay away")
    func knownTypes() throws {
        let placement = try place(SampleFiles.cluster, on: "10.0.0.1", knownTypes: ["Chat", "Login"])
        #expect(placement.starting.map(\.id) == ["10.0.0.1:Chat"])
        #expect(placement.rows[0].reason == "no such module type in this program")
    }

    @Test("a type that this program does not have is named, with the one that may be meant")
    func unknownTypes() throws {
        let text = """
            {Module: {Chta: [{Id: 'a', Host: '::1'}, {Id: 'b', Host: '10.8.8.8'}], Dice: [{Id: 'd', Host: '::1'}],
                      Chat: [{Id: 'c', Host: '::1'}]}}
            """
        let placement = try place(text, on: "10.0.0.1", knownTypes: ["Chat", "Login"])
        #expect(
            placement.notes.map(\.description) == [
                "Module.Chta[0]: no such module type in this program: another one must serve it; did you mean Chat?",
                "Module.Dice[0]: no such module type in this program: another one must serve it",
            ])
        #expect(placement.rows.filter(\.isOfUnknownType).map(\.nearestType) == ["Chat", nil])
    }

    @Test(
        "two listeners here at one address are a fault",
        arguments: [
            ("':1'", "':1'", true), ("':1'", "':2'", false), ("':0'", "':0'", false),
            ("'127.0.0.1:1'", "':1'", true), ("':1'", "'[::1]:1'", true), ("'127.0.0.1:1'", "'[::1]:1'", false),
            ("'0.0.0.0:1'", "'127.0.0.1:1'", true), ("'0.0.0.0:1'", "'[::1]:1'", false),
            ("'[::]:1'", "'[::1]:1'", true), ("'[0::1]:1'", "'[::1]:1'", true), ("'Host:1'", "'host:1'", true),
            ("'host:1'", "'127.0.0.1:1'", false), ("'127.0.0.1:1'", "'127.0.0.2:1'", false), ("''", "''", false),
        ])
    func sharedAddresses(first: String, second: String, isFault: Bool) {
        let checks: [String: ServerConfiguration.SettingsCheck] = [
            "A": { _ = $0.listenAddress("TCPAddr", as: "TCP") }, "B": { _ = $0.listenAddress("Addr", as: "HTTP") },
        ]
        let text = """
            {Module: {A: [{Id: 'a', Host: '10.0.0.1', Settings: {TCPAddr: \(first)}}],
                      B: [{Id: 'b', Host: '10.0.0.0/8', Settings: {Addr: \(second)}}]}}
            """
        do throws(ConfigurationError) {
            _ = try place(text, on: "10.0.0.1", checks: checks)
            #expect(!isFault)
        } catch {
            let line =
                "f:2:62: Module.B[0].Settings.Addr: is taken by Module.A[0].Settings.TCPAddr too, and both would "
                + "listen here"
            #expect(error.description == line && isFault)
        }
        #expect(throws: Never.self) { try place(text, on: "10.0.0.2", checks: checks) }
    }

    @Test("two instances here with one Id are a fault, also once {host} is put in")
    func twice() {
        let text = """
            {Module: {A: [{Id: '10.0.0.1:A', Host: '10.0.0.1'}, {Id: '{host}:A', Host: '10.0.0.0/8'}],
                      B: [{Id: '{host}:A', Host: '10.0.0.0/8'}]}}
            """
        let error = #expect(throws: ConfigurationError.self) { try place(text, on: "10.0.0.1") }
        #expect(
            error?.faults.map(\.description) == [
                "f:1:58: Module.A[1].Id: \"10.0.0.1:A\" is used by Module.A[0] too, both of which start here",
                "f:2:20: Module.B[0].Id: \"10.0.0.1:A\" is used by Module.A[1] too, both of which start here",
            ])
        #expect(throws: ConfigurationError.self) { try place(text, on: "10.0.0.2") }
        #expect(throws: Never.self) { try place(text, on: "192.168.0.1") }
    }

    @Test("an Id that grows too long is a fault")
    func tooLong() {
        let text = "{Module: {A: [{Id: '{host}\(String(repeating: "x", count: 115))', Host: '10.0.0.0/8'}]}}"
        let error = #expect(throws: ConfigurationError.self) { try place(text, on: "10.0.0.1") }
        #expect(error?.faults.first?.message == "becomes longer than 120 bytes with {host} put in")
        #expect(throws: Never.self) { try place(text, on: "192.168.0.1") }
    }

    @Test("{host} is put in wherever it stands, and a secret is not shown")
    func expansion() throws {
        let text = "{Module: {A: [{Id: '{host}-${WHO}-{host}-$${host}-${SECRET}', Host: '10.0.0.0/8'}]}}"
        let row = try #require(try place(text, on: "10.0.0.1").rows.first)
        #expect(row.instanceID == "10.0.0.1-who-1-10.0.0.1-$10.0.0.1-s3cret")
        #expect(row.shownID == "10.0.0.1-who-1-10.0.0.1-$10.0.0.1-${SECRET}")
    }

    @Test(
        "remarks on what is right but odd",
        arguments: [
            ("{Id: 'a', Host: '10.0.0.0/8'}", "Module.A[0].Id: a block may hold several machines"),
            ("{Id: '{host}:a', Host: '127.0.0.1'}", "Module.A[0].Id: {host} is the same for every machine here"),
            ("{Id: 'a', Host: 'nowhere'}", "Module.A[0].Host: the name cannot be resolved (no such name)"),
            ("{Id: 'a', Host: '10.8.8.8'}", "nothing starts on this machine"),
            (
                "{Id: 'a', Host: '::1', Rabbitmq: {BindingKey: 'k'}}",
                "Module.A[0].Rabbitmq.BindingKey: accepted, but not"
            ),
        ])
    func remarks(entry: String, expected: String) throws {
        let text = "{Rabbitmq: {Uri: 'amqp://h'}, Module: {A: [\(entry)]}}"
        let notes = try place(text, on: "10.0.0.1").notes.map(\.description)
        #expect(notes.contains { $0.hasPrefix(expected) }, "\(notes)")
    }

    @Test("remarks on types without a broker beside types with one")
    func withoutBroker() throws {
        let text = "{Module: {A: [{Id: 'a', Host: '::1', Rabbitmq: {Uri: 'amqp://h'}}], B: [{Id: 'b', Host: '::1'}]}}"
        let placement = try place(text, on: "10.0.0.1")
        #expect(
            placement.notes.map(\.description) == [
                "Module.B[0]: has no broker: only modules of its own process can call it"
            ])
        #expect(placement.description.contains("amqp://h  exchange mqant  (A)\n"))
        #expect(placement.description.contains("in process, no broker  (B)\n"))
    }

    @Test("the table of check")
    func description() throws {
        let check: ServerConfiguration.SettingsCheck = { reader in
            _ = reader.listenAddress("TCPAddr", as: "TCP")
            _ = reader.listenAddress("WSAddr", as: "WS")
        }
        let placement = try place(SampleFiles.cluster, on: "10.0.0.1", checks: ["Gate": check])
        #expect(
            placement.description == """
                TYPE   ID             HOST           HERE  LISTENS ON           WHY
                ─────  ─────────────  ─────────────  ────  ───────────────────  ──────────────────────────────────────
                Gate   gate-1         10.0.0.1       yes   TCP :3563, WS :3653  an address of this machine
                Login  login-1        login.example  no                         resolves to 10.0.0.2, not this machine
                Chat   10.0.0.1:Chat  10.0.0.0/27    yes                        holds 10.0.0.1
                Chat   chat-far       10.9.9.9       no                         not an address of this machine

                2 of 4 entries start here.

                File     f
                Machine  10.0.0.1 (as told by --host or MQANT_HOST)
                Broker   amqp://root-user@10.0.0.1:5672/  exchange mqant
                RPC      timeout 10 s; 10000 in flight and 10000 waiting
                Mqtt     write queue 10, read queue 10; read timeout 60 s, write timeout 30 s
                """)
    }

    @Test("the table shows what comes from the environment, but no secret, wherever variables stand")
    func secrets() throws {
        let text = """
            {Rabbitmq: {Uri: 'amqp://u:${WHO}@${SECRET}/', Exchange: '${WHO}'}, Module: {
              A: [{Id: '${WHO}', Host: '::1', Settings: {L: '${WHO}:1', AuthAddr: '${WHO}:2'}},
                  {Id: 'x', Host: '${SECRET}'}],
              B: [{Id: 'b', Host: '::1', Rabbitmq: {Uri: ['amqp://${RABBIT_USER}:literal@h/${WHO}']}}]},
             RPC: {MaxInFlight: '${MAX}', MaxWaiting: '${NONE:-8}'}}
            """
        let checks: [String: ServerConfiguration.SettingsCheck] = [
            "A": {
                _ = $0.listenAddress("L", as: "TCP")
                _ = $0.listenAddress("AuthAddr", as: "Login")
            }
        ]
        let output = try place(text, on: "10.0.0.1", checks: checks).description
        for secret in ["hunter2", "s3cret", "literal"] { #expect(!output.contains(secret), "\(output)") }
        for shown in [
            "who-1  ", "TCP who-1:1, Login ${WHO}:2", "amqp://u@${SECRET}/  exchange who-1", "${SECRET}  ",
            "amqp://root-user@h/who-1", "7 in flight and 8 waiting",
        ] {
            #expect(output.contains(shown), "\(shown) in \(output)")
        }
    }

    @Test("no secret where somebody prints or dumps a configuration whole")
    func reflection() throws {
        let text = """
            {Rabbitmq: {Uri: 'amqp://u:literal@h/'}, Module: {
              A: [{Id: '${SECRET}', Host: '${WHO}', Settings: {Key: '${RABBIT_PASSWORD}'}}]}}
            """
        let placement = try place(text, on: "10.0.0.1")
        var dumped = ""
        dump(placement, to: &dumped)
        for output in [dumped, "\(placement.configuration)", String(reflecting: placement.rows)] {
            for secret in ["literal", "hunter2"] { #expect(!output.contains(secret), "\(output)") }
        }
    }

    @Test("columns stay aligned with wide characters")
    func width() {
        var table = TextTable(["A", "B"])
        table.append(["聊天", "x"])
        table.append(["abcd", "y"])
        table.append(["e\u{301}", ""])
        #expect(table.lines == ["A     B", "────  ─", "聊天  x", "abcd  y", "e\u{301}"])
    }
}
