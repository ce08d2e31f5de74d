public import Mqant

/// `"Settings": { "Queues": [ "duel" ], "Range": 50, "Widening": 25, "MaxRange": 1000, "MaxWaiting": 1000, "Interval": 0.25 }`.
public struct LobbySettings: ModuleSettings {
    var queues: [String]
    var matchmaker = Matchmaker()
    var maximumWaiting: Int
    /// How often pairs are made.
    var interval: Duration

    /// Reads them.
    public init(reading settings: inout SettingsReader) {
        queues = settings.strings("Queues", default: ["duel"])
        matchmaker.range = settings.int("Range", in: 0...1_000_000, default: matchmaker.range)
        matchmaker.widening = settings.int("Widening", in: 0...1_000_000, default: matchmaker.widening)
        matchmaker.maximumRange = settings.int("MaxRange", in: 0...1_000_000, default: matchmaker.maximumRange)
        maximumWaiting = settings.int("MaxWaiting", in: 2...10_000, default: 1000)
        interval = settings.duration("Interval", in: .milliseconds(1) ... .seconds(60), default: .milliseconds(250))
        for queue in queues where queue.isEmpty || queue.utf8.count > 40 {
            settings.fault(at: "Queues", "a queue's name has 1 to 40 bytes")
        }
    }
}
