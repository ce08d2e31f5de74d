import Foundation

/// The programs of the RabbitMQ that tests start: the installed one, or that of the folder which the environment
/// variable `MQANT_TEST_RABBITMQ` names (`scripts/test-brokers` makes such folders, one for each version).
enum RabbitMQPrograms {
    private static let folder = ProcessInfo.processInfo.environment["MQANT_TEST_RABBITMQ"]

    static let server = path("rabbitmq-server")
    static let ctl = path("rabbitmqctl")
    /// Debian installs it with Erlang, in the `PATH`.
    static let epmd = folder == nil ? "epmd" : path("epmd")

    private static func path(_ program: String) -> String { "\(folder ?? "/usr/lib/rabbitmq/bin")/\(program)" }
}
