import ArgumentParser

/// How clients join rooms: client 0 the first one, client 1 the next, round and round.
struct JoinOptions: ParsableArguments {
    @Option(help: "How many rooms there are.")
    var rooms = 1
    @Option(help: "The request by which a client joins its room.")
    var joinTopic = "Chat/Handler_JoinChat"
    @Option(help: "Its payload.")
    var joinPayload = #"{"roomName":"{room}"}"#

    func validate() throws {
        guard (1...1_000_000).contains(rooms) else { throw ValidationError("--rooms is 1 to 1000000, not \(rooms)") }
    }

    func step(_ names: Template.Names) throws -> ClientSetup.Step {
        .request(
            topic: try Template(joinTopic, of: "--join-topic", names: names),
            payload: try Template(joinPayload, of: "--join-payload", names: names))
    }
}
