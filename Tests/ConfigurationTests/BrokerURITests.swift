import MqantAMQPURI
import Testing

@testable import MqantConfiguration

@Suite("AMQP URIs")
struct BrokerURITests {
    @Test("hides the password and the parameters")
    func shows() throws {
        for (text, shown) in [
            ("amqp://h", "amqp://h"), ("amqp://h:1/", "amqp://h:1/"), ("amqp://u:p@h:5673/v", "amqp://u@h:5673/v"),
            (
                "amqps://u:p%40%2F%3A@[::1]/%2Fa%20b?cacertfile=/ca.pem&verify=verify_peer",
                "amqps://u@[::1]/%2Fa%20b"
            ),
            ("AMQP://u@h/%2f", "amqp://u@h/%2f"), ("amqp://u:@[fd00::5]:99", "amqp://u@[fd00::5]:99"),
            ("amqp://u:a:b@h", "amqp://u@h"),
        ] {
            let uri = try #require(BrokerURI(text), "\(text)")
            #expect(uri.description == shown)
            #expect(uri.text == text)
        }
    }

    @Test("shows what came from the environment, but no password and no variable that is a secret by its name")
    func environment() throws {
        let environment = [
            "U": "root", "P": "hunter2", "H": "hidden", "ALL": "amqp://root:hunter2@hidden:7/vv", "S": "amqps",
            "SECRET_USER": "hunter2", "TokenHost": "hunter2",
        ]
        let table = [
            ("amqp://${U}:${P}@h/", "amqp://root@h/"),
            ("amqp://${U}@${H}:1/v", "amqp://root@hidden:1/v"),
            ("amqp://u:x${P}y@h", "amqp://u@h"),
            ("amqp://u:${NONE:-hunter2}@h", "amqp://u@h"),
            ("${ALL}", "amqp://root@hidden:7/vv"),
            ("${S}://h/", "amqps://h/"),
            ("amqps://h/v?heartbeat=5&cacertfile=${P}", "amqps://h/v"),
            (
                "amqp://${SECRET_USER}@${TokenHost}/x-${SECRET_USER}",
                "amqp://${SECRET_USER}@${TokenHost}/x-${SECRET_USER}"
            ),
        ]
        for (text, shown) in table {
            let settings = try SettingsObject(text: "{ Uri: '\(text)' }", environment: environment)
            var reader = settings.reader
            let written = reader.text("Uri")
            let uri = try BrokerURI(try #require(written))
            #expect(uri.description == shown)
            for output in ["\(uri)", String(reflecting: uri), "\([uri])", dumped(uri)] {
                #expect(!output.contains("hunter2"))
            }
        }
    }

    @Test("what comes from the environment is percent-encoded where it could not stand as it is")
    func encodesTheEnvironment() throws {
        let values = [
            "U": "ro:ot", "P": "a?b/c#d@e%f", "ESCAPED": "a%3Fb", "PLAIN": "a:b&c", "LOGIN": "user:a?b", "V": "/",
            "VV": "a/b",
            "HOSTPORT": "h:77", "SIX": "[::1]", "ALL": "amqp://u:p%3F@h/v", "START": "amqps://u", "CA": "/c#a.pem",
            "OPTIONS": "heartbeat=5&verify=verify_none", "HALF": "50%", "EMPTY": "",
        ]
        func whole(_ text: String) throws -> BrokerURI {
            let settings = try SettingsObject(text: "{ Uri: '\(text)' }", environment: values)
            var reader = settings.reader
            let written = reader.text("Uri")
            return try BrokerURI(try #require(written))
        }
        func read(_ text: String) throws -> AMQPURI { try whole(text).uri }
        let both = try read("amqp://${U}:${P}@h/${VV}")
        #expect(both.user == "ro:ot" && both.password == "a?b/c#d@e%f" && both.virtualHost == "a/b" && both.host == "h")
        let shown = try whole("amqp://${U}:${P}@h/${VV}")
        #expect(shown.description == "amqp://ro%3Aot@h/a%2Fb")
        #expect(shown.text == "amqp://ro%3Aot:a%3Fb%2Fc%23d%40e%25f@h/a%2Fb")
        for (written, password) in [
            ("${ESCAPED}", "a?b"), ("${PLAIN}", "a:b&c"), ("x${P}y${HALF}", "xa?b/c#d@e%fy50%"), ("${EMPTY}", ""),
            ("${P}${ESCAPED}", "a?b/c#d@e%fa?b"), ("${NONE:-a%3Fb}", "a?b"),
        ] {
            #expect(try read("amqp://u:\(written)@h/").password == password, "\(written)")
        }
        let login = try read("amqp://${LOGIN}@h")
        #expect(login.user == "user" && login.password == "a?b")
        #expect(try read("amqp://u:p@${HOSTPORT}/${V}").port == 77)
        #expect(try read("amqp://${HOSTPORT}/${V}").virtualHost == "/")
        #expect(try read("amqp://u:${P}@${SIX}:5").host == "::1")
        #expect(try whole("${ALL}").text == "amqp://u:p%3F@h/v")
        #expect(try read("${START}:${P}@h").password == "a?b/c#d@e%f")
        let options = try read("amqps://u:${P}@h/?${OPTIONS}&cacertfile=${CA}")
        #expect(options.heartbeat == .seconds(5))
        #expect(options.tls?.verifiesPeer == false && options.tls?.authorityFile == "/c#a.pem")
    }

    private func dumped(_ uri: BrokerURI) -> String {
        var output = ""
        dump(uri, to: &output)
        return output
    }
}
