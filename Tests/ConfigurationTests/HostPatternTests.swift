import Testing

@testable import MqantConfiguration

@Suite("Addresses, blocks and Host")
struct HostPatternTests {
    @Test(
        "one address has one value, however it is spelled",
        arguments: [
            ("10.0.0.5", "10.0.0.5"), ("::ffff:10.0.0.5", "10.0.0.5"), ("::FFFF:0a00:0005", "10.0.0.5"),
            ("fd00:0:0:0:0:0:0:5", "fd00::5"), ("FD00::0005", "fd00::5"), ("::1", "::1"), ("0.0.0.0", "0.0.0.0"),
        ])
    func addresses(text: String, canonical: String) {
        #expect(IPAddress(text)?.description == canonical)
        #expect(IPAddress(text) == IPAddress(canonical))
    }

    @Test(
        "what is no address is refused",
        arguments: [
            "", "10.0.0", "10.0.0.256", "010.0.0.1", "10.0.0.5 ", "10.0.0.5\0", "1::2::3", "fe80::1%lo", "[::1]", "x",
        ])
    func noAddresses(text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test("knows loopback, link-local and nothing addresses")
    func kinds() {
        #expect(["127.0.0.1", "127.9.9.9", "::1"].allSatisfy { IPAddress($0)?.isLoopback == true })
        #expect(["128.0.0.1", "::2", "10.0.0.1"].allSatisfy { IPAddress($0)?.isLoopback == false })
        #expect(["169.254.1.1", "fe80::1", "febf::1"].allSatisfy { IPAddress($0)?.isLinkLocal == true })
        #expect(["169.253.1.1", "fec0::1"].allSatisfy { IPAddress($0)?.isLinkLocal == false })
        #expect(["0.0.0.0", "::"].allSatisfy { IPAddress($0)?.isUnspecified == true })
        #expect(IPAddress(bytes: [1, 2, 3]) == nil)
        #expect(
            ["fd00::1", "9.0.0.0", "10.0.0.2", "10.0.0.10"].compactMap { IPAddress($0) }.sorted().map(\.description)
                == ["9.0.0.0", "10.0.0.2", "10.0.0.10", "fd00::1"])
    }

    @Test(
        "blocks hold what shares their bits",
        arguments: [
            ("172.30.0.32/27", "172.30.0.32", true), ("172.30.0.32/27", "172.30.0.63", true),
            ("172.30.0.32/27", "172.30.0.31", false), ("172.30.0.32/27", "172.30.0.64", false),
            ("172.30.0.45/27", "172.30.0.33", true), ("0.0.0.0/0", "255.1.2.3", true), ("0.0.0.0/0", "::1", false),
            ("::/0", "fd00::1", true), ("::/0", "10.0.0.1", false), ("10.0.0.5/32", "10.0.0.5", true),
            ("10.0.0.5/32", "10.0.0.4", false), ("fd00:0:0:10::/60", "fd00:0:0:1f::9", true),
            ("fd00:0:0:10::/60", "fd00:0:0:20::9", false), ("fd00::1/128", "fd00::1", true),
        ])
    func blocks(block: String, address: String, isInside: Bool) throws {
        let ip = try #require(IPAddress(address))
        #expect(AddressBlock(block)?.contains(ip) == isInside)
    }

    @Test(
        "a block has one spelling",
        arguments: [("10.1.2.3/8", "10.0.0.0/8"), ("FD00::1/64", "fd00::/64"), ("1.2.3.4/0", "0.0.0.0/0")])
    func blockSpelling(text: String, canonical: String) {
        #expect(AddressBlock(text)?.description == canonical)
    }

    @Test(
        "what is no block is refused",
        arguments: [
            "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/8/8", "/8", "x/8", "::/129", "10.0/8",
            "10.0.0.0/08x", "10.0.0.0",
        ])
    func noBlocks(text: String) {
        #expect(AddressBlock(text) == nil)
    }

    @Test("reads what Host may say")
    func patterns() throws {
        let table: [(String, HostPattern.Kind)] = [
            ("127.0.0.1", .everyMachine(.loopback)),
            ("localhost", .everyMachine(.loopback)),
            ("LocalHost", .everyMachine(.loopback)),
            ("::1", .everyMachine(try #require(IPAddress("::1")))),
            ("::ffff:127.0.0.1", .everyMachine(.loopback)),
            ("127.0.0.2", .address(IPAddress(v4: 127, 0, 0, 2), scope: nil)),
            ("fe80::1%eth0", .address(try #require(IPAddress("fe80::1")), scope: "eth0")),
            ("10.0.0.0/8", .block(try #require(AddressBlock("10.0.0.0/8")))),
            ("Node-1.example.COM", .name("node-1.example.com")),
            ("chat_1", .name("chat_1")),
            ("node.", .name("node.")),
        ]
        for (text, kind) in table { #expect(try HostPattern(ConfigurationText(text)).kind == kind) }
    }

    @Test(
        "refuses what names no machine",
        arguments: [
            ("", "is empty"), ("10.0.0.256", "is not an IPv4 or IPv6 address"), ("10.1", "is not an IPv4"),
            ("7", "is not an IPv4"), ("10.0.0.5:5672", "is not an IPv4"), ("fd00::g", "is not an IPv4"),
            ("10.0.0.0/33", "is not a CIDR block"), ("node/1", "is not a CIDR block"),
            ("0.0.0.0", "is no machine's address"), ("::", "is no machine's address"),
            ("10.0.0.1%eth0", "has a scope"), ("fe80::1%", "has a scope"), ("a b", "is neither an address"),
            ("-a", "is neither an address"), ("a..b", "is neither an address"), ("nöde", "is neither an address"),
            ("*", "is neither an address"), (String(repeating: "a", count: 64), "is neither an address"),
        ])
    func refuses(text: String, message: String) {
        do throws(HostPattern.Malformed) {
            let pattern = try HostPattern(ConfigurationText(text))
            Issue.record("\(text) was read as \(pattern.kind)")
        } catch {
            #expect(error.message.hasPrefix(message), "\(error.message)")
        }
    }
}
