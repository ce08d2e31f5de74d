/// The channels of one connection by number. Not Sendable: the owner thread's.
final class ChannelTable {
    /// What the broker allows.
    let maximum: Int
    private let maximumBodySize: Int
    /// Index 0 is unused: channel 0 is the connection's own.
    private var channels: [ChannelState?] = [nil]

    init(maximum: Int, maximumBodySize: Int) {
        self.maximum = maximum
        self.maximumBodySize = maximumBodySize
    }

    subscript(number: UInt16) -> ChannelState? {
        Int(number) < channels.count ? channels[Int(number)] : nil
    }

    subscript(id: ChannelID) -> ChannelState? { self[id.number] }

    /// Those that were not removed.
    var all: [ChannelState] { channels.compactMap(\.self) }

    /// The channel, if messages and requests may be written on it now.
    func open(_ id: ChannelID) throws(RabbitMQError) -> ChannelState {
        guard let channel = self[id] else { throw RabbitMQError(.closedLocally, "the channel was closed") }
        if let obstacle = channel.obstacle { throw obstacle }
        return channel
    }

    /// Adds a channel under the lowest free number; nil if the broker allows no more.
    func add(isConfirming: Bool) -> ChannelState? {
        let free = channels.indices.dropFirst().first { channels[$0] == nil } ?? channels.count
        guard free <= maximum, let number = UInt16(exactly: free) else { return nil }
        let channel = ChannelState(
            id: ChannelID(number: number), isConfirming: isConfirming, maximumBodySize: maximumBodySize)
        if free == channels.count { channels.append(channel) } else { channels[free] = channel }
        return channel
    }

    /// Replaces a channel that the broker closed by a new one of its kind; nil if it was not.
    func replace(_ id: ChannelID) -> ChannelState? {
        guard let old = self[id], old.isClosedByBroker else { return nil }
        let channel = ChannelState(
            id: id, isConfirming: old.isConfirming, maximumBodySize: maximumBodySize, isAdopted: true)
        channels[Int(id.number)] = channel
        return channel
    }

    /// Frees the number.
    func remove(_ id: ChannelID) {
        guard Int(id.number) < channels.count else { return }
        channels[Int(id.number)] = nil
    }
}
