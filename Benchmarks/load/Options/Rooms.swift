import ArgumentParser

struct Rooms: LoadCommand {
    static let configuration = CommandConfiguration(
        abstract: "Speakers in rooms: what one says, all members of its room hear.",
        discussion: """
            A speaker says the next thing when it hears its own words. The payload of a say needs {text}, by which members \
            know what they hear, and pushes have to contain it.

            With --plain the server is a broker: members subscribe to the push topic, and speakers publish to it.
            """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var login: LoginOptions
    @OptionGroup var join: JoinOptions
    @Option(help: "How many clients speak, the first ones.")
    var speakers = 1
    @Option(help: "Says of a speaker that it has not heard itself.")
    var outstanding = 1
    @Option(help: "The bytes of {text}.")
    var bytes = 32
    @Option(help: "The request by which a client speaks.")
    var sayTopic = "Chat/Handler_Say"
    @Option(help: "Its payload.")
    var sayPayload = #"{"roomName":"{room}","say":"{text}"}"#
    @Option(help: "The topic of what members hear; with --plain room/{room}.")
    var pushTopic: String?
    @Flag(help: "The server is a plain broker of MQTT.")
    var plain = false
    @Option(help: "The last so many clients read nothing once they have joined.")
    var stalled = 0

    func plan() throws -> LoadPlan {
        let total = common.connections
        guard (1...total).contains(speakers) else {
            throw ValidationError("--speakers is 1 to \(total), not \(speakers)")
        }
        guard (1...1000).contains(outstanding) else {
            throw ValidationError("--outstanding is 1 to 1000, not \(outstanding)")
        }
        guard (SayStamp.size...Template.longestPadding).contains(bytes) else {
            throw ValidationError("--bytes is \(SayStamp.size) to \(Template.longestPadding), not \(bytes)")
        }
        guard (0...(total - speakers)).contains(stalled) else {
            throw ValidationError("--stalled is 0 to \(total - speakers), not \(stalled): speakers do not stall")
        }
        let names = common.names(textSize: bytes)
        let payload = try Template(plain ? "{text}" : sayPayload, of: "--say-payload", names: names)
        guard payload.parts.contains(.stamp) else { throw ValidationError("--say-payload needs {text} in it") }
        let push = try Template(pushTopic ?? (plain ? "room/{room}" : "Chat/OnSay"), of: "--push-topic", names: names)
        let rooms = RoomLoad.Plan(
            rooms: join.rooms, speakers: speakers, outstanding: outstanding,
            sayTopic: plain ? push : try Template(sayTopic, of: "--say-topic", names: names), sayPayload: payload,
            pushTopic: push, isRequest: !plain, answer: Answer(expected: Array(common.ok.utf8)), qos: UInt8(common.qos),
            stalled: stalled, timeout: Clock.nanoseconds(common.timeout))
        let setup = plain ? [.subscribe(push)] : try login.steps(names) + [try join.step(names)]
        return common.plan(.rooms(rooms), setup: setup, rooms: join.rooms)
    }

    func figures(_ outcome: Coordinator.Outcome) -> Figures {
        var figures = Figures()
        figures.add("rooms", UInt64(join.rooms))
        figures.add("speakers", UInt64(speakers))
        figures.add("seconds", common.duration)
        figures.add("says_per_s", Double(outcome.report["says"]) / common.duration)
        figures.add("deliveries", outcome.report["deliveries"])
        figures.add("deliveries_per_s", Double(outcome.report["deliveries"]) / common.duration)
        figures.add(outcome.report.latencies["latency"])
        return figures
    }

    func errors(_ report: WorkerReport) -> [(name: String, count: UInt64)] {
        // Those who stall, and those who never came, hear nothing: their part is missing by their number.
        let lost = stalled > 0 ? 0 : report["expected"] - min(report["expected"], report["heard"])
        return [
            ("lost", lost), ("nothing_heard", report["deliveries"] == 0 ? 1 : 0), ("wrong", report["wrong"]),
            ("given_up", report["given up"]), ("closed", report["closed"]),
        ]
    }
}
