import NIOCore
import NIOSSL

/// What a TLS server needs: certificate chain and key.
struct TLSContext: Sendable {
    private let context: NIOSSLContext

    /// - Throws: `NIOSSLError` if a file cannot be read, or key and certificate do not fit.
    init(_ files: GateSettings.TLSFiles) throws {
        let certificates = try NIOSSLCertificate.fromPEMFile(files.certificateChain)
        let key = try NIOSSLPrivateKey(file: files.privateKey, format: .pem)
        context = try NIOSSLContext(
            configuration: .makeServerConfiguration(
                certificateChain: certificates.map { .certificate($0) }, privateKey: .privateKey(key)))
    }

    func makeHandler() -> NIOSSLServerHandler { NIOSSLServerHandler(context: context) }
}
