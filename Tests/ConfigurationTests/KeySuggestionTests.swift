import Testing

@testable import MqantConfiguration

@Suite("Nearest keys")
struct KeySuggestionTests {
    private static let known = ["Id", "Host", "Group", "Settings", "Rabbitmq", "MaxMsgLen", "TCPAddr", "WSAddr"]

    @Test(
        "finds the key that was meant",
        arguments: [
            ("host", "Host"), ("Hots", "Host"), ("Hos", "Host"), ("ID", "Id"), ("Setings", "Settings"),
            ("RabbitMQ", "Rabbitmq"), ("MaxMsgLength", "MaxMsgLen"), ("TcpAddr", "TCPAddr"), ("WsAdr", "WSAddr"),
        ])
    func finds(slip: String, meant: String) {
        #expect(KeySuggestion.nearest(to: slip, among: Self.known) == meant)
    }

    @Test(
        "suggests nothing where nothing is near", arguments: ["Port", "", "Zzz", String(repeating: "Host", count: 900)])
    func findsNothing(key: String) {
        #expect(KeySuggestion.nearest(to: key, among: Self.known) == nil)
    }

    @Test(
        "counts steps",
        arguments: [("", "", 0), ("", "abc", 3), ("abc", "", 3), ("abcd", "abdc", 1), ("kitten", "sitting", 3)])
    func distance(source: String, target: String, steps: Int) {
        #expect(KeySuggestion.distance(from: Array(source), to: Array(target)) == steps)
    }
}
