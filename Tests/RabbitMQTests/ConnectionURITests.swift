import RabbitMQ
import Testing

struct ConnectionURITests {
    @Test func theShortestAndTheLongestForm() throws {
        let short = try ConnectionURI(parsing: "amqp://")
        #expect(short == ConnectionURI(host: "localhost"))
        #expect(short.port == 5672 && short.user == "guest" && short.virtualHost == "/" && short.tls == nil)

        let long = try ConnectionURI(
            parsing: "amqps://us%40er:p%3Aa%2Fss@broker.example:1234/v%2Fh?cacertfile=%2Fca.pem&certfile=/c&keyfile=/k"
                + "&verify=verify_none&heartbeat=7&connection_timeout=1500")
        #expect(long.user == "us@er")
        #expect(long.password == "p:a/ss")
        #expect(long.host == "broker.example")
        #expect(long.port == 1234)
        #expect(long.virtualHost == "v/h")
        #expect(long.heartbeat == .seconds(7))
        #expect(long.connectTimeout == .milliseconds(1500))
        let tls = try #require(long.tls)
        #expect(tls.authorityFile == "/ca.pem")
        #expect(tls.certificateFile == "/c")
        #expect(tls.keyFile == "/k")
        #expect(!tls.verifiesPeer)
        #expect(try ConnectionURI(parsing: "amqps://h").port == 5671)
        #expect(try ConnectionURI(parsing: "AMQP://h").tls == nil)
    }

    @Test(arguments: [
        ("amqp://h", "/"), ("amqp://h/", "/"), ("amqp://h/%2F", "/"), ("amqp://h/%2f", "/"), ("amqp://h/x", "x"),
        ("amqp://h/%C5%BE", "ž"), ("amqp://h?heartbeat=1", "/"),
    ])
    func virtualHosts(text: String, expected: String) throws {
        #expect(try ConnectionURI(parsing: text).virtualHost == expected)
    }

    @Test(arguments: [
        ("amqp://[::1]", "::1", 5672), ("amqp://u:p@[fe80::1]:99/v", "fe80::1", 99),
        ("amqp://u@10.0.0.1:", "10.0.0.1", 5672), ("amqp://u:p@ss@h:1", "h", 1),
    ])
    func hosts(text: String, host: String, port: UInt16) throws {
        let uri = try ConnectionURI(parsing: text)
        #expect(uri.host == host)
        #expect(uri.port == port)
    }

    @Test(arguments: [
        ("", "amqp://"), ("localhost", "amqp://"), ("http://h", "scheme"), ("amqp://h:0", "port"),
        ("amqp://h:65536", "port"), ("amqp://h:x", "port"), ("amqp://::1", "brackets"), ("amqp://[::1", "]"),
        ("amqp://[::1]x", "port"), ("amqp://:secret@h", "user"), ("amqp://u:secret%4@h", "%"),
        ("amqp://u:secret%FF@h", "UTF-8"), ("amqp://u:secret%00@h", "NUL"), ("amqp://u:secret@h/a/b", "%2F"),
        ("amqp://u:sec#ret@h", "%23"), ("amqp://u:secret@h?x=1", "unknown"), ("amqp://h?heartbeat", "="),
        ("amqp://h?heartbeat=-1", "heartbeat"), ("amqp://h?heartbeat=65536", "heartbeat"),
        ("amqp://h?connection_timeout=0", "connection_timeout"), ("amqp://h?verify=verify_none", "amqps"),
        ("amqps://h?verify=maybe", "verify_peer"), ("amqps://h?certfile=/c", "together"),
        ("amqps://h?cacertfile=", "empty"), ("amqp://h?heartbeat=99999999999999999999", "heartbeat"),
    ])
    func faultsAreNamedAndNeverShowThePassword(text: String, word: String) throws {
        do {
            let uri = try ConnectionURI(parsing: text)
            Issue.record("\(text) was read as \(uri)")
        } catch {
            #expect(error.code == .invalidConfiguration)
            #expect(error.description.contains(word), "\(error)")
            #expect(!error.description.contains("secret") && !error.description.contains("ret@"))
        }
    }

    @Test func noDescriptionShowsThePassword() throws {
        let uri = try ConnectionURI(parsing: "amqps://us%20er:hushhush@[::1]:1/v%2Fh?heartbeat=1")
        #expect(uri.description == "amqps://us%20er@[::1]:1/v%2Fh")
        let configuration = Connection.Configuration(uris: [uri])
        var dumped = ""
        dump(configuration, to: &dumped)
        for text in ["\(uri)", String(reflecting: uri), "\(configuration)", String(reflecting: configuration), dumped] {
            #expect(!text.contains("hushhush"))
        }
        #expect(dumped.contains("[::1]:1"))
    }

    @Test func severalURIsNameTheFaultyOne() throws {
        do {
            _ = try Connection.Configuration(uris: ["amqp://a", "amqp://b:x"])
            Issue.record("accepted")
        } catch {
            #expect(error.description.contains("number 2 of 2"))
        }
    }
}
