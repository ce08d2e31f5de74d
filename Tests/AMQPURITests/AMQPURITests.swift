import MqantAMQPURI
import Testing

@Suite("AMQP URIs")
struct AMQPURITests {
    private struct Expectation {
        let text: String
        let host: String
        var port: UInt16 = 5672
        var user = "guest"
        var password = "guest"
        var virtualHost = "/"
        var isEncrypted = false
    }

    @Test("every part is read, and percent-decoded")
    func reads() throws {
        let table = [
            Expectation(text: "amqp://h", host: "h"),
            Expectation(text: "amqp://localhost:1/", host: "localhost", port: 1),
            Expectation(text: "amqp://h/%2F", host: "h"),
            Expectation(text: "amqp://h/%2f", host: "h"),
            Expectation(text: "amqp://h?", host: "h"),
            Expectation(text: "amqp://h/?heartbeat=1", host: "h"),
            Expectation(text: "amqp://h/x", host: "h", virtualHost: "x"),
            Expectation(text: "amqp://h/%C5%BE", host: "h", virtualHost: "ž"),
            Expectation(
                text: "amqp://u:p@h:5673/v", host: "h", port: 5673, user: "u", password: "p", virtualHost: "v"),
            Expectation(
                text: "amqps://u:p%40%2F%3A@[::1]/%2Fa%20b?cacertfile=/ca.pem&verify=verify_peer", host: "::1",
                port: 5671, user: "u", password: "p@/:", virtualHost: "/a b", isEncrypted: true),
            Expectation(text: "AMQP://us%40er@h", host: "h", user: "us@er"),
            Expectation(text: "amqp://u:@[fd00::5]:99", host: "fd00::5", port: 99, user: "u", password: ""),
            Expectation(text: "amqp://u:a:b@h:080", host: "h", port: 80, user: "u", password: "a:b"),
            Expectation(text: "amqp://[::ffff:10.0.0.1]", host: "::ffff:10.0.0.1"),
            Expectation(text: "amqp://h%6fst:65535", host: "host", port: 65535),
            Expectation(text: "AMQPS://h", host: "h", port: 5671, isEncrypted: true),
        ]
        for row in table {
            let uri = try AMQPURI(parsing: row.text)
            #expect(uri.host == row.host, "\(row.text)")
            #expect(uri.port == row.port, "\(row.text)")
            #expect(uri.user == row.user, "\(row.text)")
            #expect(uri.password == row.password, "\(row.text)")
            #expect(uri.virtualHost == row.virtualHost, "\(row.text)")
            #expect((uri.tls != nil) == row.isEncrypted, "\(row.text)")
        }
    }

    @Test("parameters are those of RabbitMQ")
    func parameters() throws {
        let uri = try AMQPURI(
            parsing: "amqps://h/?cacertfile=%2Fca.pem&certfile=/c&keyfile=/k=%26&verify=verify_none&heart%62eat=7&&"
                + "connection_timeout=1500")
        #expect(uri.heartbeat == .seconds(7))
        #expect(uri.connectTimeout == .milliseconds(1500))
        let tls = try #require(uri.tls)
        #expect(tls.authorityFile == "/ca.pem")
        #expect(tls.certificateFile == "/c")
        #expect(tls.keyFile == "/k=&")
        #expect(!tls.verifiesPeer)
        let plain = try AMQPURI(parsing: "amqp://h")
        #expect(plain == AMQPURI(host: "h"))
        #expect(plain.heartbeat == nil && plain.connectTimeout == nil)
        #expect(try AMQPURI(parsing: "amqp://h?heartbeat=0").heartbeat == .zero)
        #expect(try AMQPURI(parsing: "amqps://h?verify=verify_peer").tls == TLSOptions())
    }

    @Test(
        "what is none is refused, and nothing of it is quoted",
        arguments: [
            ("", "must begin with amqp:// or amqps://"),
            ("localhost", "must begin with amqp:// or amqps://"),
            ("http://u:hunter2@h", "must begin with amqp:// or amqps://"),
            ("amqp:/h", "must begin with amqp:// or amqps://"),
            ("amqp://", "has no host"),
            ("amqp:///v", "has no host"),
            ("amqp://u:hunter2@", "has no host"),
            ("amqp://u:hunter2@/v", "has no host"),
            ("amqp://:5672/", "has no host"),
            ("amqp://@", "has no host"),
            ("amqp://h:port/", "has a port that is not a number"),
            ("amqp://h:0", "has a port that is not a number"),
            ("amqp://h:+80", "has a port that is not a number"),
            ("amqp://h:-1", "has a port that is not a number"),
            ("amqp://h:٣", "has a port that is not a number"),
            ("amqp://h:65536", "has a port that is not a number"),
            ("amqp://h:000080", "has a port that is not a number"),
            ("amqp://h:", "has a port that is not a number"),
            ("amqp://h:99999999999999999999", "has a port that is not a number"),
            ("amqp://u:hun/ter2@h/", "has more than one '/'"),
            ("amqp://h/a/b", "has more than one '/'"),
            ("amqp://h//", "has more than one '/'"),
            ("amqp://u:hun#ter2@h", "has a '#'"),
            ("amqp://a@b@h", "has more than one '@'; in a user or password it is written %40"),
            ("amqp://u:hun@ter2@h", "has more than one '@'"),
            ("amqp://u:%zz@h", "has a '%' without two hexadecimal digits in its password"),
            ("amqp://u:hunter%4@h", "has a '%' without two hexadecimal digits in its password"),
            ("amqp://u%4:p@h", "has a '%' without two hexadecimal digits in its user"),
            ("amqp://h/%", "has a '%' without two hexadecimal digits in its virtual host"),
            ("amqp://h?a=%zz", "has a '%' without two hexadecimal digits in its parameters"),
            ("amqp://h/%FF", "has a virtual host that is not UTF-8"),
            ("amqp://u:hunter2%FF@h", "has a password that is not UTF-8"),
            ("amqp://[::1", "has '[' without an IPv6 address"),
            ("amqp://[x::1z]", "has '[' without an IPv6 address"),
            ("amqp://[10.0.0.1]", "has '[' without an IPv6 address"),
            ("amqp://[::%31]", "has '[' without an IPv6 address"),
            ("amqp://[fe80::1%25eth0]", "has '[' without an IPv6 address"),
            ("amqp://[::1]5672", "has something other than a port after ']'"),
            ("amqp://::1", "has more than one ':' in its host; an IPv6 address stands in '[' and ']'"),
            ("amqp://h?x", "has a parameter that is not name=value"),
            ("amqp://h?=x", "has a parameter that is not name=value"),
            ("amqp://h?heartbaet=hunter2", "has an unknown parameter; there are heartbeat"),
            ("amqp://h?heartbeat=hunter2", "has a heartbeat that is not a number from 0 to 65535"),
            ("amqp://h?heartbeat=", "has a heartbeat that is not a number from 0 to 65535"),
            ("amqp://h?heartbeat=-1", "has a heartbeat that is not a number from 0 to 65535"),
            ("amqp://h?heartbeat=+5", "has a heartbeat that is not a number from 0 to 65535"),
            ("amqp://h?heartbeat=65536", "has a heartbeat that is not a number from 0 to 65535"),
            ("amqp://h?heartbeat=99999999999999999999", "has a heartbeat that is not a number from 0 to 65535"),
            ("amqp://h?heartbeat=5&heartbeat=6", "has a parameter twice"),
            ("amqp://h?connection_timeout=0", "has a connection_timeout that is not a number from 1 to 600000"),
            ("amqp://h?connection_timeout=600001", "has a connection_timeout that is not a number from 1 to 600000"),
            ("amqp://h?cacertfile=/ca.pem", "has a cacertfile, which needs amqps://"),
            ("amqp://h?verify=verify_none", "has a verify, which needs amqps://"),
            ("amqps://h?cacertfile=", "has an empty cacertfile"),
            ("amqps://h?verify=hunter2", "has a verify that is neither verify_peer nor verify_none"),
            ("amqps://h?certfile=/hunter2.pem", "has one of certfile and keyfile without the other"),
            ("amqps://h?keyfile=/hunter2.pem", "has one of certfile and keyfile without the other"),
            ("amqp://:hunter2@h", "has an empty user"),
            ("amqp://@h", "has an empty user"),
            ("amqp://h%00", "has a control character in its host"),
            ("amqp://u:hunter2%00@h", "has a control character in its password"),
            ("amqps://h?cacertfile=%01", "has a control character in its parameters"),
            ("amqp://a b", "has white space in its host"),
            ("amqp://a%20b", "has white space in its host"),
            ("amqp://h/" + String(repeating: "v", count: 256), "has a user or a virtual host of more than 255 bytes"),
        ])
    func refuses(text: String, message: String) {
        do throws(AMQPURI.Malformed) {
            let uri = try AMQPURI(parsing: text)
            Issue.record("\(text) was read as \(uri)")
        } catch {
            #expect(error.message.hasPrefix(message), "\(text): \(error.message)")
            #expect(!error.message.contains("hun") && !error.message.contains("ter2"))
        }
    }

    @Test("no description shows the password")
    func description() throws {
        let uri = try AMQPURI(parsing: "amqps://us%20er:hushhush@[::1]:1/v%2Fh?heartbeat=1")
        #expect(uri.description == "amqps://us%20er@[::1]:1/v%2Fh")
        var dumped = ""
        dump([uri], to: &dumped)
        for text in ["\(uri)", String(reflecting: uri), "\([uri])", dumped] { #expect(!text.contains("hushhush")) }
        #expect(dumped.contains("[::1]:1"))
    }
}
