/// The configuration files in the public history of mqant and of its demo, mqantserver, by their keys and values: what
/// was published on which day. Comments and spaces are left out, the public address of a broker is one for
/// documentation.
enum MqantFiles {
    struct File: Sendable {
        var name: String
        var text: String
        /// The keys at fault: such a file cannot work, with mqant neither.
        var faults: [String] = []
    }

    static let all: [File] = early + withProcesses + withBroker + withTracing + lateDemo + examples

    /// Group says where a module starts, or nothing does but Host.
    private static let early = [
        File(name: "2017-02-22", text: file(gate: gate("0.0.0.0", certificate), chat: chat)),
        File(
            name: "2017-02-25, a template",
            text: file(
                gate: gate("0.0.0.0", certificate, group: "development"),
                login: """
                    , "Group": "development", "Rabbitmq": { "Uri": "amqp://user:password@host:port/", "Exchange": "xxx",
                    "ExchangeType": "xxx", "Queue": "xxx", "BindingKey": "xxx", "ConsumerTag": "xxx" }
                    """, chat: #"{ "Id": "127.0.0.1:Chat", "Host": "127.0.0.1", "Group": "chat" }"#),
            faults: ["Module.Login[0].Rabbitmq.Uri", "Module.Login[0].Rabbitmq.ExchangeType"]),
        File(name: "2017-02-25", text: grouped(gate("0.0.0.0", certificate, group: "development"))),
        File(name: "2017-02-26", text: grouped(gate("0.0.0.0", certificate + storage, group: "development"))),
        File(name: "2017-02-28", text: grouped(gate("0.0.0.0", certificateFile() + storage, group: "development"))),
        File(
            name: "2017-02-28, TLS without a certificate",
            text: grouped(gate("", certificateFile() + storage, tls: true, group: "development")),
            faults: ["Module.Gate[0].Settings.Tls"]),
    ]

    /// ProcessID says it from here on.
    private static let withProcesses = [
        File(name: "2017-03-08", text: demo(master: true, ["Login", "Chat"], mqtt: mqtt())),
        File(name: "2017-03-08, no master", text: demo(["Login", "Chat"], mqtt: mqtt())),
        File(name: "2017-03-09", text: demo(["Login", "Chat", "Hitball"])),
        File(name: "2017-03-22", text: demo(["Login", "Chat", "PyChat", "Test", "Hitball"])),
        File(name: "2017-05-19", text: demo(["Login", "Chat", "PyChat", "Test", "Hitball", "Webapp"])),
    ]

    private static let withBroker = [
        File(
            name: "2017-03-21",
            text: demo(
                broker("gate001_rpc_queue", "gate001"),
                [
                    process("Master", broker("master_rpc_queue", "master")),
                    process("Login", broker("login_rpc_queue", "login_rpc_queue")),
                    process("Chat", broker("rpc_queue", "administrator")),
                    process("PyChat", broker("python_rpc_queue", "python")), process("Test"),
                    process("Hitball", broker("hitball_rpc_queue", "hitball")),
                ]))
    ]

    private static let withTracing = [
        File(
            name: "2017-06-18",
            text: demo(
                ["Login", "Chat", "PyChat", "Test", "Hitball", "Webapp", "Tracing"],
                #", "Rpc": { "RpcExpired": 3 }"#)),
        File(
            name: "2017-06-18, an address for traces",
            text: demo(
                ["Login", "Chat", "PyChat", "Test", "Hitball", "Webapp", "Tracing"],
                #", "Rpc": { "RpcExpired": 3 }, "Tracing": { "Addr": "127.0.0.1:7701", "Enable": true }"#)),
    ]

    private static let lateDemo = [
        File(name: "2017-08-05", text: late([webapp, process("Tracing")], "\"RpcExpired\": 3")),
        File(name: "2017-09-18", text: late([webapp, tracing], #""RpcExpired": 3, "LogSuccess": true"#)),
        File(
            name: "2017-12-06",
            text: late(
                [webapp, tracing], #""MaxCoroutine": 100, "RpcExpired": 3, "LogSuccess": true"#, readPackLoop: 1)),
        File(
            name: "2018-02-08",
            text: late(
                [game, webapp, tracing], #""MaxCoroutine": 100, "RpcExpired": 3, "LogSuccess": false"#, readPackLoop: 1)
        ),
        File(
            name: "2019-05-14",
            text: late(
                [process("HelloWorld"), game, webapp, tracing],
                #""MaxCoroutine": 10000, "RpcExpired": 1, "LogSuccess": false"#, readPackLoop: 1)),
    ]

    /// The examples of the framework, 1.5; and the keys that its structures have besides, which no published file uses.
    private static let examples = [
        File(
            name: "2022-03-06",
            text: """
                { "Settings": { "xxx": "" },
                  "Module": {
                    "greeter": [ { "Id": "greeter", "ProcessID": "development", "Settings": { "Port": 7370 } } ],
                    "client": [ { "Id": "client", "ProcessID": "development", "Settings": {} } ] },
                  "Log": { "contenttype": "application/json",
                    "multifile": { "maxLines": 0, "maxsize": 0, "daily": true, "rotate": true, "perm": "0600",
                                   "prefix": "a", "separate": ["error"] },
                    "file": { "maxLines": 0, "maxsize": 0, "daily": true, "prefix": "n", "rotate": true,
                              "perm": "0600" } },
                  "Mqtt": { "WirteLoopChanNum": 10, "ReadPackLoop": 1, "ReadTimeout": 10, "WriteTimeout": 10 },
                  "Rpc": { "MaxCoroutine": 100, "RpcExpired": 3, "LogSuccess": true } }
                """),
        File(
            name: "structures of all versions",
            text: """
                { "Module": { "Gate": [ { "ID": "gate", "Host": "127.0.0.1", "ProcessID": "a",
                      "Redis": { "Uri": "redis://:secret@h:6379/0", "Queue": "q" },
                      "UDP": { "Uri": "0.0.0.0:8080", "Port": 8080, "UDPMaxPacketSize": 4096 },
                      "Settings": { "TCPAddr": ":3563", "TLS": false, "CertFile": "", "KeyFile": "" } } ] },
                  "rpc": { "MaxCoroutine": 100, "RpcExpired": 3, "Log": true, "UDPMaxPacketSize": 4096,
                           "SessionRedisUrl": "redis://:secret@h:6379/1" },
                  "Log": {}, "BI": {}, "OP": {},
                  "Master": { "Enable": true, "WebRoot": "w", "WebHost": "0.0.0.0:8686",
                    "SSH": [ { "Host": "h", "Port": 22, "User": "u", "Password": "secret" } ],
                    "Process": [ { "ProcessID": "a", "Host": "h", "Execfile": "f", "LogDir": "d", "Args": {} } ] } }
                """),
    ]
}

extension MqantFiles {
    private static let certificate = #""Cert": "", "Key": """#
    private static let storage = #", "MinHBStorage": 60"#
    private static let chat = #"{ "Id": "127.0.0.1:Chat", "Host": "127.0.0.1" }"#
    private static let webapp = process("Webapp", #", "Settings": { "StaticPath": "/work/go/mqantserver/bin" }"#)
    private static let game = process(
        "XaXb", #", "Settings": { "LevelPath": "static/tacit/assets/levels/level1.json" }"#)
    private static let tracing = process(
        "Tracing",
        """
        , "Settings": { "StoreFile": "/tmp/appdash.gob", "URL": "http://localhost:7700", "CollectorAddr": ":7701",
                        "HTTPAddr": ":7700" }
        """)

    private static func certificateFile(_ path: String = "") -> String {
        path.isEmpty ? #""CertFile": "", "KeyFile": """# : #""CertFile": "\#(path).pem", "KeyFile": "\#(path).key""#
    }

    private static func gateSettings(_ host: String, _ certificate: String, tls: Bool = false) -> String {
        """
        "Settings": { "WSAddr": "\(host):3653", "TCPAddr": "\(host):3563", "MaxMsgLen": 4096, "HTTPTimeout": 10,
                      "MaxConnNum": 20000, "Tls": \(tls), \(certificate) }
        """
    }

    private static func gate(
        _ host: String, _ certificate: String, tls: Bool = false, group: String? = nil
    ) -> String {
        let group = group.map { #""Group": "\#($0)", "# } ?? ""
        return """
            { "Id": "127.0.0.1:Gate", \(group)"Host": "127.0.0.1", \(gateSettings(host, certificate, tls: tls)) }
            """
    }

    private static func mqtt(read: Int = 60, write: Int = 30, readPackLoop: Int = 10) -> String {
        """
        "Mqtt": { "WirteLoopChanNum": 10, "ReadPackLoop": \(readPackLoop), "ReadTimeout": \(read),
                  "WriteTimeout": \(write) }
        """
    }

    private static func file(gate: String, login: String = "", chat: String) -> String {
        """
        { "Module": { "Gate": [ \(gate) ], "Login": [ { "Id": "127.0.0.1:Login", "Host": "127.0.0.1"\(login) } ],
                      "Chat": [ \(chat) ] }, \(mqtt()) }
        """
    }

    private static func grouped(_ gate: String) -> String {
        file(
            gate: gate, login: #", "Group": "development""#,
            chat: #"{ "Id": "127.0.0.1:Chat", "Host": "127.0.0.1", "Group": "development" }"#)
    }

    /// A module type with one entry that the default process starts.
    private static func process(_ type: String, _ more: String = "") -> String {
        #""\#(type)": [ { "Id": "\#(type)001", "ProcessID": "development"\#(more) } ]"#
    }

    private static func broker(_ queue: String, _ tag: String) -> String {
        """
        , "Rabbitmq": { "Uri": "amqp://mqant:mqant@192.0.2.90:5672/test", "Exchange": "rpc_queue",
                        "ExchangeType": "direct", "Queue": "\(queue)", "BindingKey": "\(queue)",
                        "ConsumerTag": "\(tag)" }
        """
    }

    private static func demo(
        master: Bool = false, _ types: [String], mqtt: String = mqtt(read: 600, write: 300), _ more: String = ""
    ) -> String {
        demo(master: master, "", ["Master"].map { process($0) } + types.map { process($0) }, mqtt: mqtt, more)
    }

    private static func demo(_ types: [String], _ more: String) -> String {
        demo(types, mqtt: mqtt(read: 600, write: 300), more)
    }

    private static func demo(
        master: Bool = false, _ broker: String, _ modules: [String], mqtt: String = mqtt(read: 600, write: 300),
        _ more: String = ""
    ) -> String {
        """
        { "Master": { "Enable": \(master), "MasterType": "Master", "WebRoot": "/work/go/mqantserver/bin/console",
                      "WebHost": "0.0.0.0:8686", "SSH": [], "Process": [] },
          "Module": {
            "Gate": [ { "Id": "Gate001", "ProcessID": "development",
              \(gateSettings("", certificateFile("/opt/go/mqantserver/sslkey/h5link") + storage))\(broker) } ],
            \(modules.joined(separator: ",\n")) }, \(mqtt)\(more) }
        """
    }

    private static func late(_ modules: [String], _ rpc: String, readPackLoop: Int = 10) -> String {
        let common = ["Master", "Login", "Chat", "PyChat", "Test", "Hitball"].map { process($0) }
        let mqtt = mqtt(read: 600, write: 300, readPackLoop: readPackLoop)
        return demo("", common + modules, mqtt: mqtt, #", "Rpc": { \#(rpc) }"#)
    }
}
