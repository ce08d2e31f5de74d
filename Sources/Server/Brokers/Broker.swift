#if RabbitMQ
    import Logging
    import Mqant
    import MqantConfiguration
    import MqantRPC
    import MqantRPCRabbitMQ
    import MqantRabbitMQ

    /// The brokers at which a node meets the others: one, unless module types name others of their own.
    struct Broker {
        private var configurations: [RabbitMQTransport.Configuration]
        /// Which of them an instance of this node is at; the first, if it is not here.
        private let indices: [InstanceID: Int]

        /// What `server.conf` says; nil if no module is reached through a broker.
        /// - Throws: nothing here; without the trait, that there is a broker.
        init?(of placement: Placement) throws {
            let entries = placement.configuration.modules
            var distinct: [RabbitMQOptions] = []
            for options in entries.compactMap(\.rabbitMQ) where !distinct.contains(where: options.reachesSame) {
                distinct.append(options)
            }
            guard !distinct.isEmpty else { return nil }
            func index(of entry: ModuleEntry) -> Int {
                entry.rabbitMQ.flatMap { distinct.firstIndex(where: $0.reachesSame) } ?? 0
            }
            configurations = distinct.map(RabbitMQTransport.Configuration.init)
            indices = Dictionary(
                placement.starting.map { (InstanceID($0.id), index(of: $0.entry)) },
                uniquingKeysWith: { first, _ in first }
            )
        }

        /// The same for a command that somebody waits for: the broker is there now, or it is not.
        func within(_ patience: Duration) -> Broker {
            var broker = self
            for index in broker.configurations.indices {
                broker.configurations[index].startTimeout = patience
                let connectTimeout = broker.configurations[index].connection.connectTimeout
                broker.configurations[index].connection.connectTimeout = min(connectTimeout, patience)
            }
            return broker
        }

        func makeTransport(_ node: NodeID, _ logger: Logger) -> any Transport {
            let transports = configurations.map { RabbitMQTransport(node: node, configuration: $0, logger: logger) }
            if transports.count == 1, let only = transports.first { return only }
            return BrokersTransport(node: node, transports) { [indices] in indices[$0] ?? 0 }
        }
    }

    extension RabbitMQTransport.Configuration {
        /// What a `Rabbitmq` section says.
        fileprivate init(_ options: RabbitMQOptions) {
            self.init(connection: Connection.Configuration(uris: options.uris.map(\.uri)))
            exchange = options.exchange
            queuePrefix = options.queuePrefix ?? ""
            consumerTagPrefix = options.consumerTagPrefix ?? ""
        }
    }
#endif
