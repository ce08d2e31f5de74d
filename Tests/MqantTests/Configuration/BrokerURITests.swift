import Testing

@testable import Mqant

@Suite("AMQP URIs")
struct BrokerURITests {
    private struct Expectation {
        let text: String
        let host: String
        var port = 5672
        var user = "guest"
        var password = "guest"
        var virtualHost = "/"
        var isEncrypted = false
        let shown: String
    }

    @Test("reads every part, and hides the password and parameters")
    func reads() throws {
        let table = [
            Expectation(text: "amqp://h", host: "h", shown: "amqp://h"),
            Expectation(text: "amqp://h:1/", host: "h", port: 1, shown: "amqp://h:1/"),
            Expectation(
                text: "amqp://u:p@h:5673/v", host: "h", port: 5673, user: "u", password: "p", virtualHost: "v",
                shown: "amqp://u@h:5673/v"),
            Expectation(
                text: "amqps://u:p%40%2F%3A@[::1]/%2Fa%20b?cacertfile=/ca.pem&verify=verify_peer", host: "::1",
                port: 5671, user: "u", password: "p@/:", virtualHost: "/a b", isEncrypted: true,
                shown: "amqps://u@[::1]/%2Fa%20b"),
            Expectation(text: "AMQP://u@h/%2f", host: "h", user: "u", shown: "amqp://u@h/%2f"),
            Expectation(
                text: "amqp://u:@[fd00::5]:99", host: "fd00::5", port: 99, user: "u", password: "",
                shown: "amqp://u@[fd00::5]:99"),
            Expectation(text: "amqp://u:a:b@h", host: "h", user: "u", password: "a:b", shown: "amqp://u@h"),
        ]
        for row in table {
            let uri = try #require(BrokerURI(row.text), "\(row.text)")
            #expect(uri.host == row.host)
            #expect(uri.port == row.port)
            #expect(uri.user == row.user)
            #expect(uri.password == row.password)
            #expect(uri.virtualHost == row.virtualHost)
            #expect(uri.isEncrypted == row.isEncrypted)
            #expect(uri.description == row.shown)
            #expect(uri.text == row.text)
        }
        let parameters = BrokerURI("amqps://h?heartbeat=5&cacertfile=%26=&verify=verify_none")?.parameters
        #expect(parameters?.map(\.name) == ["heartbeat", "cacertfile", "verify"])
        #expect(parameters?.map(\.value) == ["5", "&=", "verify_none"])
    }

    @Test(
        "refuses what is none, and quotes nothing of it",
        arguments: [
            ("", "must begin with amqp:// or amqps://"),
            ("http://u:hunter2@h", "must begin with amqp:// or amqps://"),
            ("amqp:/h", "must begin with amqp:// or amqps://"),
            ("amqp://", "has no host"),
            ("amqp://u:hunter2@", "has no host"),
            ("amqp://:5672/", "has no host"),
            ("amqp://u:hunter2@h:port/", "has a port that is not a number"),
            ("amqp://h:0", "has a port that is not a number"),
            ("amqp://h:65536", "has a port that is not a number"),
            ("amqp://h:", "has a port that is not a number"),
            ("amqp://h:99999999999999999999", "has a port that is not a number"),
            ("amqp://u:hun/ter2@h/", "has more than one '/'"),
            ("amqp://h/a/b", "has more than one '/'"),
            ("amqp://u:hun#ter2@h", "has a '#'"),
            ("amqp://u:hun@ter2@h", "has more than one '@'"),
            ("amqp://u:%zz@h", "has a '%' without two hexadecimal digits in its password"),
            ("amqp://u%4:p@h", "has a '%' without two hexadecimal digits in its user"),
            ("amqp://h/%", "has a '%' without two hexadecimal digits in its virtual host"),
            ("amqp://h/%FF", "has a virtual host that is not UTF-8"),
            ("amqp://[::1", "has '[' without an IPv6 address"),
            ("amqp://[10.0.0.1]", "has '[' without an IPv6 address"),
            ("amqp://[::1]5672", "has something other than a port after ']'"),
            ("amqp://::1", "has a port that is not a number"),
            ("amqp://h?x", "has a parameter that is not name=value"),
            ("amqp://h?=x", "has a parameter that is not name=value"),
            ("amqp://h?heartbaet=hunter2", "has an unknown parameter; there are heartbeat"),
            ("amqp://h?heartbeat=hunter2", "has a heartbeat that is not a number from 0 to 65535"),
            ("amqp://h?heartbeat=65536", "has a heartbeat that is not a number from 0 to 65535"),
            ("amqp://h?connection_timeout=0", "has a connection_timeout that is not a number from 1 to 600000"),
            ("amqp://h?cacertfile=/ca.pem", "has a cacertfile, which needs amqps://"),
            ("amqps://h?cacertfile=", "has an empty cacertfile"),
            ("amqps://h?verify=hunter2", "has a verify that is neither verify_peer nor verify_none"),
            ("amqps://h?certfile=/hunter2.pem", "has one of certfile and keyfile without the other"),
            ("amqp://:hunter2@h", "has an empty user"),
            ("amqp://h%00", "has control characters"),
            ("amqp://a b", "has control characters, or white space"),
        ])
    func refuses(text: String, message: String) {
        do throws(BrokerURI.Malformed) {
            let uri = try BrokerURI(ConfigurationText(text))
            Issue.record("\(text) was read as \(uri)")
        } catch {
            #expect(error.message.hasPrefix(message), "\(error.message)")
            #expect(!error.message.contains("hun") && !error.message.contains("ter2"))
        }
    }

    @Test("shows nothing that came from the environment, wherever it stands")
    func environment() throws {
        let secrets = [
            "U": "root", "P": "hunter2", "H": "hidden", "UP": "root:hunter2", "ALL": "amqp://root:hunter2@hidden:7/vv",
            "S": "amqps",
        ]
        let table = [
            ("amqp://${U}:${P}@h/", "amqp://${U}@h/"),
            ("amqp://${UP}@${H}:1/v", "amqp://${UP}@${H}:1/v"),
            ("amqp://u:x${P}y@h", "amqp://u@h"),
            ("amqp://u:${NONE:-fallback}@h", "amqp://u@h"),
            ("${ALL}", "${ALL}"),
            ("${S}://h/", "${S}"),
            ("amqps://h/v?heartbeat=5&cacertfile=${P}", "amqps://h/v"),
        ]
        for (text, shown) in table {
            let settings = try ModuleSettings(text: "{ Uri: '\(text)' }", environment: secrets)
            var reader = settings.reader
            let written = reader.text("Uri")
            let uri = try BrokerURI(try #require(written))
            #expect(uri.description == shown)
            for output in ["\(uri)", String(reflecting: uri), "\([uri])", dumped(uri)] {
                for secret in ["root", "hunter2", "hidden", "fallback"] { #expect(!output.contains(secret)) }
            }
        }
    }

    private func dumped(_ uri: BrokerURI) -> String {
        var output = ""
        dump(uri, to: &output)
        return output
    }
}
