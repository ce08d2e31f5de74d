/// The `RPC` section: bounds and deadlines of calls.
public struct RPCOptions: Sendable, Hashable {
    /// How long a call waits for its answer unless it says otherwise (`Timeout`, in seconds). Default 10 s.
    public var timeout: Duration = .seconds(10)

    /// How many calls an instance handles at a time (`MaxInFlight`). Default 10 000.
    public var maxInFlight = 10_000

    /// How many calls wait at an instance that is full (`MaxWaiting`); beyond, it answers `overloaded`. Default 10 000.
    public var maxWaiting = 10_000

    /// How many threads functions may block at a time, of all instances of a node together (`BlockingThreads`). Default nil:
    /// as many as cores, at least 2 and at most 64.
    public var blockingThreads: Int?

    /// The defaults.
    public init() {}

    /// Reads the section. mqant's own names are understood; what has no meaning here is noted.
    init(_ reader: inout SettingsReader) {
        let defaults = RPCOptions()
        reader.alias("RpcExpired", for: "Timeout")
        reader.alias("MaxCoroutine", for: "MaxInFlight")
        timeout = reader.duration("Timeout", in: .milliseconds(1)...(.seconds(3_600)), default: defaults.timeout)
        maxInFlight = reader.int("MaxInFlight", in: 1...1_000_000, default: defaults.maxInFlight)
        maxWaiting = reader.int("MaxWaiting", in: 0...1_000_000, default: defaults.maxWaiting)
        blockingThreads = reader.int("BlockingThreads", in: 1...1024)
        reader.acceptUnused(["Log", "LogSuccess", "UDPMaxPacketSize", "SessionRedisUrl"])
    }
}
