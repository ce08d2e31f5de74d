import ArgumentParser

/// How clients log in, and what they join, before the load begins.
struct LoginOptions: ParsableArguments {
    @Flag(help: "Clients do not log in.")
    var noLogin = false
    @Option(help: "The request that logs a client in.")
    var loginTopic = "Login/Handler_Login"
    @Option(help: "Its payload.")
    var loginPayload = #"{"userName":"{user}","passWord":"x"}"#

    func steps(_ names: Template.Names) throws -> [ClientSetup.Step] {
        guard !noLogin else { return [] }
        return [
            .request(
                topic: try Template(loginTopic, of: "--login-topic", names: names),
                payload: try Template(loginPayload, of: "--login-payload", names: names))
        ]
    }
}
