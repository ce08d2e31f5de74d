import MqantRabbitMQTestSupport

/// A user of the broker with permissions of its own on the virtual host `/`: patterns as `rabbitmqctl set_permissions` takes.
struct BrokerUser {
    static let password = "s3cret"

    var name: String
    var configure = ".*"
    var write = ".*"
    var read = ".*"

    /// Makes users or changes their permissions, all with one command: each takes seconds.
    static func set(_ users: [BrokerUser], at broker: RabbitMQBroker) async throws {
        let tuples = users.map { user in
            "{" + [user.name, user.configure, user.write, user.read].map(binary).joined(separator: ",") + "}"
        }
        try await broker.ctl(
            "eval",
            """
            [begin
               case rabbit_auth_backend_internal:exists(U) of
                 true -> ok;
                 false -> ok = rabbit_auth_backend_internal:add_user(U, \(binary(password)), <<"tests">>)
               end,
               ok = rabbit_auth_backend_internal:set_permissions(U, <<"/">>, C, W, R, <<"tests">>)
             end || {U, C, W, R} <- [\(tuples.joined(separator: ","))]].
            """)
    }

    func uri(_ broker: RabbitMQBroker) -> String { broker.uri(user: name, password: Self.password) }

    private static func binary(_ text: String) -> String {
        "<<\"" + text.replacing("\\", with: "\\\\") + "\">>"
    }
}
