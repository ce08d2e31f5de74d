/// How an `amqps://` connection proves who is at either end. Paths are of PEM files.
package struct TLSOptions: Sendable, Hashable {
    /// Certificates that are trusted to sign the broker's; nil: the system's bundle.
    package var authorityFile: String?
    /// This client's certificate, with its chain.
    package var certificateFile: String?
    /// The private key of `certificateFile`.
    package var keyFile: String?
    /// Checks the broker's certificate and that it was issued for the host of the URI.
    package var verifiesPeer = true

    /// Debian's bundle, where `ca-certificates` puts it.
    package static let systemAuthorityFile = "/etc/ssl/certs/ca-certificates.crt"

    package init() {}
}
