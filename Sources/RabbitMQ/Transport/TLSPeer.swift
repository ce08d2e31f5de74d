internal import CMqantRabbitMQ
import Glibc
import MqantAMQPURI

/// The peer that a TLS handshake must meet: OpenSSL checks the certificate during the handshake, against the name or the
/// address of the URI (RFC 6125; RFC 5280 §4.2.1.6 for addresses).
///
/// librabbitmq compares names by itself, knows no addresses in `subjectAltName`, and takes an address for a common name.
/// In the handshake (SNI) it names the host that it connects to, which here is one of the name's addresses. So OpenSSL is
/// told both, through the context that librabbitmq lends.
final class TLSPeer {
    private let record: UnsafeMutablePointer<crabbitmq_peer>
    private let name: UnsafeMutablePointer<CChar>?
    private let isAddress: Bool

    init(_ uri: AMQPURI) {
        // A name may end with a dot, a certificate's does not; nor does an address there have a zone.
        var host = uri.host.hasSuffix(".") ? String(uri.host.dropLast()) : uri.host
        isAddress = PeerAddress(uri.host, port: 0) != nil
        if isAddress, let zone = host.firstIndex(of: "%") { host = String(host[..<zone]) }
        name = strdup(host)
        record = .allocate(capacity: 1)
        // RFC 6066 §3: an address is no server's name.
        record.initialize(to: crabbitmq_peer(server_name: isAddress ? nil : UnsafePointer(name), verify_error: 0))
    }

    deinit {
        record.deallocate()
        free(name)
    }

    /// Before the handshake; this must live as long as the socket.
    func expect(_ socket: OpaquePointer, verifying: Bool) throws(RabbitMQError) {
        guard crabbitmq_expect(socket, record, name, isAddress ? 1 : 0, verifying ? 1 : 0) == 1 else {
            throw RabbitMQError(.unreachable, "no memory for a TLS connection")
        }
    }

    /// Why the certificate was not taken; nil if it was, or did not come.
    func refusal(_ uri: AMQPURI) -> String? {
        let code = record.pointee.verify_error
        let words = String(cString: X509_verify_cert_error_string(Int(code)))
        switch code {
        case X509_V_OK: return nil
        case X509_V_ERR_HOSTNAME_MISMATCH:
            return "the broker's certificate was not issued for the host \(uri.host)"
        case X509_V_ERR_IP_ADDRESS_MISMATCH:
            return "the broker's certificate was not issued for the address \(uri.host): it needs it in subjectAltName"
        case X509_V_ERR_CERT_HAS_EXPIRED, X509_V_ERR_CERT_NOT_YET_VALID:
            return "the broker's certificate, or its authority's, is not valid now: \(words)"
        default:
            return "the broker's certificate is not trusted: check cacertfile (\(words))"
        }
    }
}
