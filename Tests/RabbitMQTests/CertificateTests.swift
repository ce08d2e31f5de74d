import Foundation
import MqantRabbitMQTestSupport
import Testing

@testable import MqantRabbitMQ

/// Which certificates stand for which host of a URI. OpenSSL's own server shows them: what is asked comes before AMQP.
@Suite(.timeLimit(.minutes(1)))
struct CertificateTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var subject = "someone"
        var names: String?
        var host: String
        /// In the error's text; nil: it is taken.
        var refusal: String?
        var days = 2

        var testDescription: String { "\(host): CN=\(subject), \(names ?? "no SAN"), \(days) days" }
    }

    static let cases = [
        Case(names: "IP:127.0.0.1", host: "127.0.0.1"),
        Case(names: "DNS:other,DNS:localhost,IP:10.0.0.1,IP:127.0.0.1", host: "127.0.0.1"),
        Case(names: "IP:::1", host: "[::1]"),
        Case(names: "IP:10.0.0.1", host: "127.0.0.1", refusal: "address 127.0.0.1"),
        Case(names: "DNS:127.0.0.1", host: "127.0.0.1", refusal: "subjectAltName"),
        Case(subject: "127.0.0.1", host: "127.0.0.1", refusal: "subjectAltName"),
        Case(names: "DNS:other,DNS:localhost", host: "localhost"),
        Case(names: "DNS:LOCALHOST", host: "localhost."),
        Case(subject: "localhost", host: "localhost"),
        Case(subject: "localhost", names: "DNS:other", host: "localhost", refusal: "host localhost"),
        Case(names: "IP:127.0.0.1", host: "localhost", refusal: "host localhost"),
        Case(names: "DNS:*.mq.test", host: "a.mq.test"),
        Case(names: "DNS:*.mq.test", host: "a.b.mq.test", refusal: "host a.b.mq.test"),
        Case(names: "DNS:a*.mq.test", host: "ab.mq.test", refusal: "host ab.mq.test"),
        Case(names: "DNS:localhost", host: "localhost", refusal: "expired", days: -1),
    ]

    @Test(arguments: cases)
    func theHostIsCompared(_ one: Case) async throws {
        try await withServer(one.host.contains("::") ? "[::1]" : "127.0.0.1", [one]) { port, folder in
            let error = try await error(one.host, port, "\(folder)/0.pem")
            if let refusal = one.refusal {
                #expect(error.code == .untrustedPeer && error.message.contains(refusal), "\(error)")
            } else {
                #expect(error.code == .unreachable && error.message.contains("AMQP 0-9-1 login"), "\(error)")
            }
            // Whoever looks at nothing is shown in.
            let unchecked = try await self.error(one.host, port, nil)
            #expect(unchecked.message.contains("AMQP 0-9-1 login"), "\(unchecked)")
        }
    }

    /// Also when a name has several addresses, and the one that answers is connected to as such.
    @Test func theHandshakeNamesTheHost() async throws {
        let certificates = [Case(names: "DNS:other", host: ""), Case(names: "DNS:a.mq.test", host: "")]
        let options = ["-servername", "a.mq.test", "-cert2", "1.pem", "-key2", "1.key"]
        try await withServer("127.0.0.1", certificates, options) { port, folder in
            for addresses in [["127.0.0.1"], ["::1", "127.0.0.1"]] {
                let error = try await error("a.mq.test", port, "\(folder)/1.pem", addresses)
                #expect(error.message.contains("AMQP 0-9-1 login"), "\(error)")
            }
        }
    }

    /// Why a connection to what is no broker ends.
    private func error(
        _ host: String, _ port: UInt16, _ authority: String?, _ addresses: [String]? = nil
    ) async throws -> RabbitMQError {
        let option = authority.map { "cacertfile=\($0)" } ?? "verify=verify_none"
        var configuration = try Connection.Configuration(uris: ["amqps://\(host):\(port)/?\(option)"])
        configuration.connectTimeout = .seconds(3)
        configuration.names = NameLookup { _, port in
            (addresses ?? ["127.0.0.1"]).compactMap { PeerAddress($0, port: port) }
        }
        return try await rabbitMQError {
            _ = try await Connection.open(configuration, handlers: Recorder().handlers)
        }
    }

    /// Runs `openssl s_server` with the first certificate; each is its own authority.
    private func withServer(
        _ address: String, _ certificates: [Case], _ options: [String] = [],
        _ body: (UInt16, String) async throws -> Void
    ) async throws {
        let folder = NSTemporaryDirectory() + "mqant-certificates-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let reaper = try Reaper.shared.get()
        reaper.guardFolder(folder)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var script = "set -e; cd '\(folder)'\n"
        for (index, certificate) in certificates.enumerated() {
            let extensions = certificate.names.map { "subjectAltName=\($0)" } ?? "keyUsage=digitalSignature"
            script += """
                openssl ecparam -name prime256v1 -genkey -noout -out \(index).key
                openssl req -new -key \(index).key -subj '/CN=\(certificate.subject)' -out csr
                echo '\(extensions)' > ext
                openssl x509 -req -in csr -signkey \(index).key -days \(certificate.days) -extfile ext -out \(index).pem

                """
        }
        let port = try FreePort.find()
        // `-rev` answers a line with its letters in reverse; a client that sends none is let go at its end.
        script += "exec openssl s_server -accept \(address):\(port) -cert 0.pem -key 0.key -rev "
        script += options.joined(separator: " ")
        let reader = try OutputReader()
        let server = try ChildProcess(
            ["/bin/sh", "-c", script], environment: ["PATH": "/usr/bin:/bin"], output: reader.writeEnd)
        reaper.guardSession(server.pid)
        reader.start()
        guard await reader.waits(for: "ACCEPT") else {
            throw Recorder.TimedOut(description: "openssl: \(reader.text)")
        }
        let result = await Result.catching { try await body(port, folder) }
        server.signal(SIGKILL)
        _ = await server.waitForExit()
        reaper.forgetSession(server.pid)
        try result.get()
    }
}

extension Result where Failure == any Error {
    fileprivate static func catching(_ body: () async throws -> Success) async -> Self {
        do { return .success(try await body()) } catch { return .failure(error) }
    }
}
