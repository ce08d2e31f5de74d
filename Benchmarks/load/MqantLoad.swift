import ArgumentParser

/// Puts load on a Gate, or on any server of MQTT 3.1.1, and measures it.
@main struct MqantLoad: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mqantload",
        abstract: "Puts load on a Gate, or on any server of MQTT, and measures it.",
        discussion: """
            Times are in microseconds. The exit status is 0 if all went well, 1 if something was answered wrong, late or \
            not at all, or if a connection ended, and 64 for a wrong command line.
            """,
        subcommands: [Calls.self, Rooms.self, Idle.self, ScriptCommand.self])
}
