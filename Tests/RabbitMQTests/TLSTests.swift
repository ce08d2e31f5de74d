import Foundation
import MqantRabbitMQ
import MqantRabbitMQTestSupport
import NIOCore
import Testing

@Suite(.timeLimit(.minutes(3)))
struct TLSTests {
    private func uri(host: String = "localhost", _ options: String) async throws -> String {
        let broker = try await SharedBroker.get()
        let port = try #require(broker.tlsPort)
        return "amqps://guest:guest@\(host):\(port)/?\(options)"
    }

    private func certificates() async throws -> TestCertificates {
        try #require(try await SharedBroker.get().certificates)
    }

    @Test func messagesOfEverySizeTravelEncrypted() async throws {
        let certificates = try await certificates()
        try await withConnection(to: [uri("cacertfile=\(certificates.authority)")]) { connection, recorder in
            let channel = try await connection.openChannel(confirming: true)
            let queue = try await channel.temporaryQueue()
            try await channel.consume(queue)
            let sizes = [0, 1, 131_064, 131_065, 3 << 20] + Array(repeating: 200, count: 2000)
            for size in sizes {
                try channel.publish(OutgoingMessage(routingKey: queue, body: ByteBuffer(repeating: 7, count: size)))
            }
            let contents = try await recorder.wait("deliveries") { $0.deliveries.count == sizes.count }
            #expect(contents.deliveries.map(\.body.readableBytes) == sizes)
            guard
                case .returned = try await channel.publishConfirmed(
                    OutgoingMessage(routingKey: "nobody", isMandatory: true, body: ByteBuffer()))
            else {
                Issue.record("not returned")
                return
            }
        }
    }

    @Test func aClientCertificateIsShown() async throws {
        let certificates = try await certificates()
        let options =
            "cacertfile=\(certificates.authority)&certfile=\(certificates.clientCertificate)"
            + "&keyfile=\(certificates.clientKey)"
        try await withConnection(to: [uri(options)]) { connection, _ in
            _ = try await connection.openChannel()
            let broker = try await SharedBroker.get()
            let subjects = try await broker.ctl("list_connections", "peer_cert_subject")
            #expect(subjects.contains("CN=client"))
        }
    }

    @Test func anUnknownAuthorityIsNotTrusted() async throws {
        let certificates = try await certificates()
        let error = try await rabbitMQError {
            try await withConnection(to: [uri("cacertfile=\(certificates.strangerAuthority)")]) { _, _ in }
        }
        #expect(error.code == .untrustedPeer, "\(error)")
        #expect(error.message.contains("check cacertfile"))
    }

    /// Without `cacertfile` the system's authorities count, which Debian's ca-certificates brings.
    @Test(.enabled(if: FileManager.default.fileExists(atPath: "/etc/ssl/certs/ca-certificates.crt")))
    func theSystemsAuthoritiesDoNotKnowOurs() async throws {
        let error = try await rabbitMQError { try await withConnection(to: [uri("")]) { _, _ in } }
        #expect(error.code == .untrustedPeer, "\(error)")
    }

    @Test func aBrokerThatDemandsACertificateRefusesWhoHasNoneOfItsAuthority() async throws {
        var options = RabbitMQBroker.Options()
        options.withTLS = true
        options.demandsClientCertificate = true
        let broker = try await RabbitMQBroker.start(options)
        let (certificates, port) = (try #require(broker.certificates), try #require(broker.tlsPort))
        func uri(_ certificate: (String, String)?) -> String {
            let own = certificate.map { "&certfile=\($0.0)&keyfile=\($0.1)" } ?? ""
            return "amqps://guest:guest@localhost:\(port)/?cacertfile=\(certificates.authority)\(own)"
        }
        for certificate in [nil, (certificates.strangerCertificate, certificates.strangerKey)] {
            let error = try await rabbitMQError { try await withConnection(to: [uri(certificate)]) { _, _ in } }
            #expect(error.code == .unreachable, "\(certificate?.0 ?? "none"): \(error)")
            #expect(error.message.contains("certificate, check certfile and keyfile"), "\(error)")
        }
        let ours = (certificates.clientCertificate, certificates.clientKey)
        try await withConnection(to: [uri(ours)]) { connection, _ in
            _ = try await connection.openChannel().temporaryQueue()
        }
        await broker.remove()
    }

    @Test func aCertificateOfAnotherHostIsNotTrusted() async throws {
        let certificates = try await certificates()
        let error = try await rabbitMQError {
            try await withConnection(to: [uri(host: "127.0.0.1", "cacertfile=\(certificates.authority)")]) { _, _ in }
        }
        #expect(error.code == .untrustedPeer, "\(error)")
        try await withConnection(to: [uri(host: "127.0.0.1", "verify=verify_none")]) { connection, _ in
            _ = try await connection.openChannel().temporaryQueue()
        }
    }

    @Test func aMissingFileIsNamed() async throws {
        let error = try await rabbitMQError {
            try await withConnection(to: [uri("cacertfile=/no/such/file.pem")]) { _, _ in }
        }
        #expect(error.code == .invalidConfiguration)
        #expect(error.description.contains("/no/such/file.pem"))
    }

    @Test func plainTCPBehindAnAMQPSURIIsAnErrorInTime() async throws {
        let broker = try await SharedBroker.get()
        let error = try await rabbitMQError {
            try await withConnection(
                to: ["amqps://127.0.0.1:\(broker.port)/?verify=verify_none"], { $0.connectTimeout = .seconds(2) }
            ) { _, _ in }
        }
        #expect(error.code == .unreachable)
    }
}
