import MqantRabbitMQ

/// Channels that ask for what the broker may refuse. Such a refusal is an answer, and does not end the session.
struct ToleratedChannels: Sendable {
    /// How often each was tolerated: the number of a closed channel may be another's before its first user is done.
    private var counts: [ChannelID: Int] = [:]

    func contains(_ channel: ChannelID) -> Bool { counts[channel] != nil }

    mutating func insert(_ channel: ChannelID) { counts[channel, default: 0] += 1 }

    mutating func remove(_ channel: ChannelID) {
        let count = counts[channel, default: 0] - 1
        counts[channel] = count > 0 ? count : nil
    }
}
