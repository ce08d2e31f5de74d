import Foundation

/// A certificate authority of the tests' own, with a broker's certificate for `localhost` and a client's.
package struct TestCertificates: Sendable {
    package let folder: String
    package var authority: String { "\(folder)/ca.pem" }
    package var serverCertificate: String { "\(folder)/server.pem" }
    package var serverKey: String { "\(folder)/server.key" }
    package var clientCertificate: String { "\(folder)/client.pem" }
    package var clientKey: String { "\(folder)/client.key" }
    /// An authority that has signed nothing here but `strangerCertificate`.
    package var strangerAuthority: String { "\(folder)/stranger.pem" }
    /// A client's certificate, of an authority that the broker does not know.
    package var strangerCertificate: String { "\(folder)/outsider.pem" }
    package var strangerKey: String { "\(folder)/outsider.key" }

    /// Made with the `openssl` command.
    package static func make(in folder: String) async throws -> TestCertificates {
        let script = """
            set -e
            mkdir -p '\(folder)'; cd '\(folder)'
            key() { openssl ecparam -name prime256v1 -genkey -noout -out "$1"; }
            for ca in ca stranger; do
                key $ca.key
                openssl req -x509 -new -key $ca.key -subj /CN=$ca -days 30 -out $ca.pem
            done
            sign() {
                key $1.key
                openssl req -new -key $1.key -subj /CN=$1 -out $1.csr
                printf '%s\\n' "$2" > $1.ext
                openssl x509 -req -in $1.csr -CA $3.pem -CAkey $3.key -CAcreateserial -days 30 -extfile $1.ext -out $1.pem
            }
            sign server subjectAltName=DNS:localhost ca
            sign client extendedKeyUsage=clientAuth ca
            sign outsider extendedKeyUsage=clientAuth stranger
            chmod a+r *.key
            """
        let reader = try OutputReader()
        let process = try ChildProcess(
            ["/bin/sh", "-c", script], environment: ["PATH": "/usr/bin:/bin"], output: reader.writeEnd)
        reader.start()
        let output = await reader.all()
        guard await process.waitForExit() == 0 else {
            throw ChildProcess.SpawnError(description: "openssl: \(output)")
        }
        return TestCertificates(folder: folder)
    }
}
