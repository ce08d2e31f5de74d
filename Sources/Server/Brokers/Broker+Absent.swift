#if !RabbitMQ
    import Logging
    import MqantConfiguration
    import MqantRPC

    /// Stands for the brokers in a program that is built without the package's trait `RabbitMQ`: it has none.
    struct Broker {
        /// - Throws: `ConfigurationError` if the configuration names a broker.
        init?(of placement: Placement) throws {
            guard placement.configuration.usesBroker else { return nil }
            throw ConfigurationError(
                .init(
                    file: placement.configuration.file,
                    message: "names a broker, and this program was built without the trait RabbitMQ of mqantserver"))
        }

        func within(_ patience: Duration) -> Broker { self }

        func makeTransport(_ node: NodeID, _ logger: Logger) -> any Transport {
            InProcessTransport(node: node, hub: InProcessHub())
        }
    }
#endif
