extension RabbitMQBroker {
    /// What a test wants of its broker.
    package struct Options: Sendable {
        /// Where AMQP is listened for.
        package var addresses = ["127.0.0.1"]
        /// Adds an AMQPS listener with certificates of the tests' own.
        package var withTLS = false
        /// A client without a certificate of the tests' authority is refused.
        package var demandsClientCertificate = false
        /// Further lines of rabbitmq.conf.
        package var configuration: [String] = []

        package init() {}

        /// The text of rabbitmq.conf.
        func fileText(port: UInt16, tlsPort: UInt16?, _ certificates: TestCertificates?) -> String {
            // Nothing that fills this machine may raise an alarm in a test that did not ask for one.
            // RabbitMQ 4 refuses messages of more than 16 MiB unless told otherwise; this is what 3.10 takes.
            var lines = [
                "vm_memory_high_watermark.absolute = 2GiB", "disk_free_limit.absolute = 1MB",
                "max_message_size = 134217728",
            ]
            for (index, address) in addresses.enumerated() {
                lines.append("listeners.tcp.\(index + 1) = \(address):\(port)")
                if let tlsPort { lines.append("listeners.ssl.\(index + 1) = \(address):\(tlsPort)") }
            }
            if let certificates {
                lines += [
                    "ssl_options.cacertfile = \(certificates.authority)",
                    "ssl_options.certfile = \(certificates.serverCertificate)",
                    "ssl_options.keyfile = \(certificates.serverKey)",
                    "ssl_options.verify = verify_peer",
                    "ssl_options.fail_if_no_peer_cert = \(demandsClientCertificate)",
                ]
            }
            return (lines + configuration).joined(separator: "\n") + "\n"
        }
    }
}
