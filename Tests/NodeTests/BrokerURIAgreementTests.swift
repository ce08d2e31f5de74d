import Mqant
import RabbitMQ
import Testing

/// `check` reads a broker's URI with the configuration's own rules, for it says where a fault stands, and `run` connects by
/// those of AMQP's side: what one takes the other has to take.
@Suite struct BrokerURIAgreementTests {
    @Test(arguments: [
        "", "heartbeat=0", "heartbeat=65535", "heartbeat=65536", "heartbeat=-1", "heartbeat=x", "heartbeat=",
        "connection_timeout=0", "connection_timeout=1", "connection_timeout=600000", "connection_timeout=600001",
        "cacertfile=/ca.pem", "cacertfile=", "certfile=/c.pem", "certfile=/c.pem&keyfile=/k.pem", "keyfile=/k.pem",
        "verify=verify_peer", "verify=verify_none", "verify=none", "verify=", "heartbeat", "=1", "unknown=1",
        "heartbeat=5&connection_timeout=1000&verify=verify_peer",
    ])
    func bothTakeTheSameParameters(parameters: String) {
        for scheme in ["amqp", "amqps"] {
            let text = "\(scheme)://user:secret@host/v?\(parameters)"
            #expect((BrokerURI(text) != nil) == isConnectable(text), "\(text)")
        }
    }

    private func isConnectable(_ text: String) -> Bool {
        do {
            _ = try ConnectionURI(parsing: text)
            return true
        } catch {
            return false
        }
    }
}
