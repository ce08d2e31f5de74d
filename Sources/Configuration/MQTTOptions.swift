/// The `Mqtt` section: queue bounds and time-outs of a client's connection at a Gate.
public struct MQTTOptions: Sendable, Hashable {
    /// MQTT has 65 535 packet ids (MQTT 3.1.1 §2.3.1). More than one less counts as that.
    private static let maximumWriteQueueLength = 65_534

    /// How many messages at QoS 1 and 2 a client may leave unacknowledged (`WirteLoopChanNum`, mqant's spelling; the
    /// right one is understood too). Default 10.
    public var writeQueueLength = 10

    /// How many requests of one session modules may have at a time (`ReadPackLoop`); others wait at the Gate. Default 10.
    public var readQueueLength = 10

    /// How long a client may be silent where its keep-alive sets no limit (`ReadTimeout`, in seconds). Default 60 s.
    public var readTimeout: Duration = .seconds(60)

    /// How long a client may leave unread what is written to it (`WriteTimeout`, in seconds). Default 30 s.
    public var writeTimeout: Duration = .seconds(30)

    /// The defaults.
    public init() {}

    /// Reads the section.
    init(_ reader: inout SettingsReader) {
        let defaults = MQTTOptions()
        let times: ClosedRange<Duration> = .milliseconds(1)...(.seconds(86_400))
        reader.alias("WriteLoopChanNum", for: "WirteLoopChanNum")
        let writeQueueLength = reader.int("WirteLoopChanNum", in: 1...1_000_000, default: defaults.writeQueueLength)
        self.writeQueueLength = min(writeQueueLength, Self.maximumWriteQueueLength)
        readQueueLength = reader.int("ReadPackLoop", in: 1...1_000_000, default: defaults.readQueueLength)
        readTimeout = reader.duration("ReadTimeout", in: times, default: defaults.readTimeout)
        writeTimeout = reader.duration("WriteTimeout", in: times, default: defaults.writeTimeout)
    }
}
