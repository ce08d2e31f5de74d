import Glibc
import MqantAMQPURI
import MqantRabbitMQ
import MqantRabbitMQTestSupport
import NIOCore
import Testing

@Suite(.timeLimit(.minutes(3)))
struct OpeningTests {
    private func open(_ uris: [String], timeout: Duration? = nil) async throws {
        var configuration = try Connection.Configuration(uris: uris)
        if let timeout { configuration.connectTimeout = timeout }
        let connection = try await Connection.open(configuration, handlers: Recorder().handlers)
        await connection.close()
    }

    @Test func urisAreTriedInTurn() async throws {
        let broker = try await SharedBroker.get()
        let closed = try FreePort.find()
        let uris = ["amqp://127.0.0.1:\(closed)", broker.uri(password: "wrong"), broker.uri()]
        try await withConnection(to: uris) { connection, _ in
            #expect(connection.uri.port == broker.port)
            #expect(connection.uri.password == "guest")
            _ = try await connection.openChannel().temporaryQueue()
        }
    }

    @Test func allFailuresAreNamed() async throws {
        let (first, second) = (try FreePort.find(), try FreePort.find())
        let error = try await rabbitMQError {
            try await open(["amqp://u:secret@127.0.0.1:\(first)", "amqp://u:secret@127.0.0.1:\(second)/v"])
        }
        #expect(error.code == .unreachable)
        #expect(error.description.contains("amqp://u@127.0.0.1:\(first)/"))
        #expect(error.description.contains("amqp://u@127.0.0.1:\(second)/v"))
        #expect(!error.description.contains("secret"))
        let broker = try await SharedBroker.get()
        let refused = try await rabbitMQError {
            try await open(["amqp://127.0.0.1:\(first)", broker.uri(password: "secret")])
        }
        #expect(refused.code == .loginRefused)
        #expect(refused.description.split(separator: "ACCESS_REFUSED").count == 2, "once: \(refused)")
        let none = try await rabbitMQError { try await open([]) }
        #expect(none.code == .invalidConfiguration)
    }

    @Test func wrongPasswordAndWrongVirtualHostAreToldApart() async throws {
        let broker = try await SharedBroker.get()
        let password = try await rabbitMQError { try await open([broker.uri(password: "secret")]) }
        #expect(password.code == .loginRefused)
        #expect(password.replyCode == 403)
        #expect(!password.description.contains("secret"))
        let virtualHost = try await rabbitMQError { try await open([broker.uri(virtualHost: "no-such-vhost")]) }
        #expect(virtualHost.code == .virtualHostRefused)
        #expect(virtualHost.replyCode == 530)
        #expect(virtualHost.description.contains("no-such-vhost") && virtualHost.message.contains("add_vhost"))
        try await broker.ctl("add_user", "nothing", "nothing")
        let noRight = try await rabbitMQError { try await open([broker.uri(user: "nothing", password: "nothing")]) }
        #expect(noRight.code == .virtualHostRefused)
        #expect(noRight.message.contains("set_permissions") && !noRight.message.contains("add_vhost"))
    }

    @Test func limitsAreToldApartFromAMissingVirtualHost() async throws {
        let broker = try await SharedBroker.get()
        try await broker.ctl("add_user", "limited", "limited")
        try await broker.ctl("set_permissions", "limited", ".*", ".*", ".*")
        try await broker.ctl("set_user_limits", "limited", #"{"max-connections": 0}"#)
        let user = try await rabbitMQError { try await open([broker.uri(user: "limited", password: "limited")]) }
        #expect(user.code == .limitReached && user.replyCode == 530 && user.isLimit, "\(user)")
        #expect(user.description.contains("user connection limit (0) is reached"))
        #expect(!user.description.contains("vhost"), "\(user)")
        try await broker.ctl("add_vhost", "full")
        try await broker.ctl("set_permissions", "-p", "full", "guest", ".*", ".*", ".*")
        try await broker.ctl("set_vhost_limits", "-p", "full", #"{"max-connections": 0}"#)
        let host = try await rabbitMQError { try await open([broker.uri(virtualHost: "full")]) }
        #expect(host.code == .limitReached && host.replyText?.contains("access to vhost 'full'") == true, "\(host)")
        #expect(!host.message.contains("set_permissions") && !host.message.contains("add_vhost"), "\(host)")
    }

    @Test func aUsersMissingRightIsAChannelError() async throws {
        let broker = try await SharedBroker.get()
        try await broker.ctl("add_user", "reader", "reader")
        try await broker.ctl("set_permissions", "reader", "^none$", ".*", ".*")
        try await withConnection(to: [broker.uri(user: "reader", password: "reader")]) { connection, _ in
            let channel = try await connection.openChannel()
            let error = try await rabbitMQError { _ = try await channel.declareQueue(QueueDeclaration(name: "mine")) }
            #expect(error.replyCode == 403)
        }
    }

    @Test func virtualHostsAreUsed() async throws {
        let broker = try await SharedBroker.get()
        try await broker.ctl("add_vhost", "a/b")
        try await broker.ctl("set_permissions", "-p", "a/b", "guest", ".*", ".*", ".*")
        try await withConnection(to: [broker.uri(virtualHost: "a%2Fb")]) { connection, _ in
            #expect(connection.uri.virtualHost == "a/b")
            var queue = QueueDeclaration(name: "only-here")
            queue.isExclusive = true
            try await connection.openChannel().declareQueue(queue)
            let listed = try await broker.ctl("list_queues", "-p", "a/b", "name")
            #expect(listed.contains("only-here"))
        }
    }

    @Test func aListenerThatSaysNothingIsGivenUpInTime() async throws {
        let silent = try FakeBroker { _ in }
        let started = ContinuousClock.now
        let error = try await rabbitMQError { try await open([silent.uri], timeout: .milliseconds(300)) }
        #expect(error.code == .unreachable)
        #expect(ContinuousClock.now - started < .seconds(5))
    }

    @Test func aURIsTimeoutIsKept() async throws {
        let silent = try FakeBroker { _ in }
        let started = ContinuousClock.now
        let error = try await rabbitMQError {
            try await open([silent.uri + "?connection_timeout=300"], timeout: .seconds(60))
        }
        #expect(error.code == .unreachable)
        #expect(ContinuousClock.now - started >= .milliseconds(250))
        #expect(ContinuousClock.now - started < .seconds(30), "not the configuration's minute")
    }

    @Test func theHeartbeatIsFiveSecondsUnlessSaidOtherwise() async throws {
        let broker = try await SharedBroker.get()
        for (option, seconds) in [("", "5"), ("?heartbeat=7", "7")] {
            let name = "heartbeat-of-\(seconds)"
            try await withConnection(to: [broker.uri() + option], { $0.name = name }) { _, _ in
                let listed = try await broker.ctl("list_connections", "timeout", "client_properties")
                let line = try #require(listed.split(separator: "\n").first { $0.contains(name) })
                #expect(line.hasPrefix("\(seconds)\t"), "\(line)")
            }
        }
    }

    @Test func aCancelledOpeningReturnsAtOnce() async throws {
        let silent = try FakeBroker { _ in }
        let accepted = silent.accepted
        let opening = Task { try await open([silent.uri], timeout: .seconds(60)) }
        await accepted.wait()
        opening.cancel()
        let started = ContinuousClock.now
        await #expect(throws: CancellationError.self) { try await opening.value }
        #expect(ContinuousClock.now - started < .seconds(5))
    }

    @Test(arguments: [
        "HTTP/1.1 400 Bad Request\r\n\r\n", "AMQP\u{0}\u{0}\u{9}\u{1}", "SSH-2.0-OpenSSH_9.2\r\n", "",
        "\u{1}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}", "\u{1}\u{0}\u{0}\u{0}\u{0}\u{0}\u{4}\u{0}\u{7f}\u{0}\u{7f}x",
    ])
    func whatIsNoBrokerIsSaidToBeNone(greeting: String) async throws {
        let fake = try FakeBroker { peer in
            peer.send(Array(greeting.utf8))
            peer.close()
        }
        let error = try await rabbitMQError { try await open([fake.uri], timeout: .seconds(3)) }
        #expect(error.code == .unreachable)
    }
}
