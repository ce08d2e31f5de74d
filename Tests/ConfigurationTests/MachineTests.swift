import Synchronization
import Testing

@testable import MqantConfiguration

@Suite("What this machine is")
struct MachineTests {
    private static func machine(_ list: String, names: [String] = ["node1"]) throws -> Machine {
        let addresses = try list.split(separator: " ").map { item in
            let parts = item.split(separator: "%")
            return Machine.Address(
                ip: try #require(IPAddress(String(parts[0]))), interface: parts.count > 1 ? String(parts[1]) : nil)
        }
        return Machine(addresses: addresses, names: names)
    }

    /// Answers from a table, and nothing else.
    private static let resolver = NameResolver { name in
        let table = [
            "chat": ["10.0.0.9", "10.0.0.5"], "node1": ["127.0.1.1"], "other": ["10.9.9.9"], "me": ["127.0.0.1"],
            "v6": ["fd00::5"],
        ]
        guard let addresses = table[name] else { return .failure(.init(reason: "no such name")) }
        return .success(addresses.compactMap { IPAddress($0) })
    }

    @Test(
        "Host matches addresses, blocks and names",
        arguments: [
            ("127.0.0.1", "127.0.0.1", "means every machine"),
            ("localhost", "127.0.0.1", "means every machine"),
            ("::1", "::1", "means every machine"),
            ("10.0.0.5", "10.0.0.5", "an address of this machine (eth0)"),
            ("::ffff:10.0.0.5", "10.0.0.5", "an address of this machine (eth0)"),
            ("fd00:0:0::5", "fd00::5", "an address of this machine (eth0)"),
            ("fe80::1", "fe80::1", "an address of this machine (eth0)"),
            ("fe80::1%eth1", "fe80::1", "an address of this machine (eth1)"),
            ("fe80::1%eth2", nil, "not an address of this machine"),
            ("10.0.0.6", nil, "not an address of this machine"),
            ("127.0.0.2", nil, "not an address of this machine"),
            ("10.0.0.0/8", "10.0.0.5", "holds 10.0.0.5 (eth0)"),
            ("0.0.0.0/0", "10.0.0.5", "holds 10.0.0.5 (eth0)"),
            ("127.0.0.0/8", "127.0.0.1", "holds 127.0.0.1 (lo)"),
            ("::/0", "fd00::5", "holds fd00::5 (eth0)"),
            ("192.168.0.0/16", nil, "holds no address of this machine"),
            ("chat", "10.0.0.5", "resolves to 10.0.0.5 (eth0)"),
            ("v6", "fd00::5", "resolves to fd00::5 (eth0)"),
            ("me", "127.0.0.1", "resolves to 127.0.0.1 (lo)"),
            ("NODE1", "10.0.0.5", "the name of this machine"),
            ("other", nil, "resolves to 10.9.9.9, not this machine"),
            ("unknown", nil, "cannot be resolved: taken for another machine"),
        ] as [(String, String?, String)])
    func matches(host: String, address: String?, reason: String) throws {
        let machine = try Self.machine(
            "127.0.0.1%lo ::1%lo fe80::1%eth1 fe80::1%eth0 10.0.0.20%eth1 10.0.0.5%eth0 fd00::5%eth0")
        let match = HostMatch(try HostPattern(ConfigurationText(host)), on: machine, resolver: Self.resolver)
        #expect(match.host == address)
        #expect(match.reason == reason)
        #expect((match.note != nil) == (host == "unknown"))
    }

    @Test(
        "--host is all that this machine is, loopback names aside",
        arguments: [
            ("10.7.7.7", "10.7.7.7"), ("127.0.0.1", "127.0.0.1"), ("localhost", "127.0.0.1"),
            ("10.7.0.0/16", "10.7.7.7"),
            ("chat-7", "10.7.7.7"), ("10.0.0.5", nil), ("node1", nil), ("me", nil), ("127.0.0.0/8", nil), ("chat", nil),
        ] as [(String, String?)])
    func override(host: String, address: String?) throws {
        let machine = try Machine(list: " 10.7.7.7 , fd07::7,Chat-7 ")
        #expect(machine.isOverridden)
        let match = HostMatch(try HostPattern(ConfigurationText(host)), on: machine, resolver: Self.resolver)
        #expect(match.host == address)
    }

    @Test("a machine that is only a name puts it for {host}")
    func nameOnly() throws {
        let match = HostMatch(
            try HostPattern(ConfigurationText("chat-7")), on: try Machine(list: "chat-7"),
            resolver: NameResolver { _ in
                Issue.record("a name given by hand needs no look-up")
                return .success([])
            })
        #expect(match.host == "chat-7")
    }

    @Test("--host wins over MQANT_HOST, which wins over the interfaces")
    func precedence() throws {
        let environment = ["MQANT_HOST": "10.0.0.2"]
        #expect(try Machine.current(hostOption: "10.0.0.1", environment: environment) == Machine(list: "10.0.0.1"))
        #expect(try Machine.current(environment: environment) == Machine(list: "10.0.0.2"))
        #expect(try !Machine.current(environment: ["MQANT_HOST": " "]).isOverridden)
        #expect(try !Machine.current(environment: [:]).isOverridden)
    }

    @Test(
        "refuses lists that name no machine, every item at once",
        arguments: [
            ("", ["--host: \"\" is empty"]),
            ("10.0.0.1,", ["--host: \"\" is empty"]),
            (
                "10.0.0.0/8,300.1.1.1,0.0.0.0,10.0.0.1",
                ["\"10.0.0.0/8\" is a CIDR block", "\"300.1.1.1\" is not", "\"0.0.0.0\" is no"]
            ),
        ])
    func badLists(list: String, messages: [String]) {
        let error = #expect(throws: ConfigurationError.self) { try Machine(list: list) }
        #expect(error?.faults.count == messages.count)
        for message in messages { #expect(error?.description.contains(message) == true, "\(error?.description ?? "")") }
    }

    @Test("sees this very machine's loopback interface")
    func interfaces() throws {
        let machine = Machine.ofInterfaces()
        #expect(machine.addresses.contains { $0.ip == .loopback && $0.interface != nil })
        #expect(Set(machine.addresses).count == machine.addresses.count)
        let first = try #require(machine.addresses.first)
        let hasOthers = machine.addresses.contains { !$0.ip.isLoopback }
        #expect(first.ip.isLoopback != hasOthers)
    }

    @Test("the system's resolver reads numbers and /etc/hosts, and fails with a reason")
    func systemResolver() throws {
        #expect(try NameResolver.system.addresses(of: "localhost").get().contains { $0.isLoopback })
        // An empty label needs no network to be refused (RFC 1035 §2.3.1).
        let failure = #expect(throws: NameResolver.Failure.self) {
            try NameResolver.system.addresses(of: "no..host").get()
        }
        #expect(failure?.reason.isEmpty == false)
    }

    @Test("looks a name up once, however many entries have it")
    func lookUpOnce() throws {
        let count = Mutex(0)
        let resolver = NameResolver { _ in
            count.withLock { $0 += 1 }
            return .failure(.init(reason: "no such name"))
        }
        let configuration = try ServerConfiguration(
            text: "{Module: {A: [{Id: 'a', Host: 'x'}, {Id: 'b', Host: 'x'}], B: [{Id: 'c', Host: 'y'}]}}")
        _ = try Placement(configuration, on: try Machine(list: "10.0.0.1"), resolver: resolver)
        #expect(count.withLock { $0 } == 2)
    }
}
