import MqantAMQPURI

/// How a module type is reached through RabbitMQ: a `Rabbitmq` section, the file's default put in where it says nothing.
public struct RabbitMQOptions: Sendable, Hashable {
    /// The broker's addresses, in the order in which to try them; at least one, none twice.
    public let uris: [BrokerURI]

    /// The prefix of the names of the exchanges declared. Default `mqant`.
    public let exchange: String

    /// The prefix of the names of the queues declared (`Queue`).
    public let queuePrefix: String?

    /// The prefix of the consumer tags (`ConsumerTag`).
    public let consumerTagPrefix: String?

    /// The exchange for the operator's eyes.
    let shownExchange: String

    /// Makes options.
    package init(
        uris: [BrokerURI], exchange: String = "mqant", queuePrefix: String? = nil, consumerTagPrefix: String? = nil
    ) {
        self.init(
            uris: uris, exchange: ConfigurationText(exchange), queuePrefix: queuePrefix,
            consumerTagPrefix: consumerTagPrefix)
    }

    init(uris: [BrokerURI], exchange: ConfigurationText, queuePrefix: String?, consumerTagPrefix: String?) {
        self.uris = uris
        self.exchange = exchange.value
        self.shownExchange = exchange.shown
        self.queuePrefix = queuePrefix
        self.consumerTagPrefix = consumerTagPrefix
    }

    /// Whether both name the same broker and exchange, so that calls through one reach the other.
    package func reachesSame(as other: Self) -> Bool {
        uris.map(\.text) == other.uris.map(\.text) && exchange == other.exchange
    }
}

/// One `Rabbitmq` section as it stands in the file, before defaults are put in.
struct RabbitMQSection {
    var uris: [BrokerURI]?
    var exchange: ConfigurationText?
    var queuePrefix: String?
    var consumerTagPrefix: String?

    /// Reads a section.
    init(_ reader: inout SettingsReader) {
        uris = Self.uris(&reader)
        exchange = Self.name("Exchange", &reader)
        if let type = reader.text("ExchangeType"), type.value != "direct" {
            reader.fault(at: "ExchangeType", "must be \"direct\": calls here need no other type")
        }
        queuePrefix = Self.name("Queue", &reader)?.value
        consumerTagPrefix = Self.name("ConsumerTag", &reader)?.value
        reader.acceptUnused(["BindingKey"], "a queue's name is its routing key")
    }

    private static func uris(_ reader: inout SettingsReader) -> [BrokerURI]? {
        guard let texts = reader.texts("Uri") else { return nil }
        if texts.isEmpty, reader.member("Uri") != nil {
            reader.fault(at: "Uri", "is an empty array; write at least one amqp:// URI")
        }
        var uris: [BrokerURI] = []
        for (text, offset, path) in texts {
            do throws(AMQPURI.Malformed) {
                let uri = try BrokerURI(text)
                // A file may take each URI from a variable of its own, with the same default.
                if !uris.contains(where: { $0.text == uri.text }) { uris.append(uri) }
            } catch {
                reader.append(reader.source.fault(at: offset, path: path, error.message))
            }
        }
        return uris
    }

    /// A name of AMQP, or a part of one: a short string (AMQP 0-9-1 §4.2.5.3) with room for what is put after it.
    private static func name(_ key: String, _ reader: inout SettingsReader) -> ConfigurationText? {
        guard let text = reader.text(key) else { return nil }
        if !(1...100).contains(text.value.utf8.count) {
            reader.fault(at: key, "must be 1 to 100 bytes long")
        } else if !text.value.unicodeScalars.allSatisfy(\.isPrintable) {
            reader.fault(at: key, "must not hold white space or control characters")
        } else if text.value.lowercased().hasPrefix("amq.") {
            reader.fault(at: key, "must not begin with \"amq.\": the broker keeps such names for itself")
        }
        return text
    }

    /// The section with a default behind it; nil where neither names a broker.
    func options(default fallback: RabbitMQSection? = nil) -> RabbitMQOptions? {
        guard let uris = uris ?? fallback?.uris else { return nil }
        return RabbitMQOptions(
            uris: uris,
            exchange: exchange ?? fallback?.exchange ?? ConfigurationText("mqant"),
            queuePrefix: queuePrefix ?? fallback?.queuePrefix,
            consumerTagPrefix: consumerTagPrefix ?? fallback?.consumerTagPrefix
        )
    }
}
