import MqantRPC

/// How many descriptors a node needs, and how many connections its instances may have within the system's limit.
///
/// Descriptors must never run out. Neither NIO, when it makes a loop, nor libdispatch, which looks into `/proc` once a
/// second while it is busy, survives that.
struct DescriptorPlan: Sendable {
    /// What is open for a moment at any time: libdispatch's looks into `/proc`, certificates, name resolution.
    private static let reserve = 32
    /// The loop of this node, and libdispatch's: its epoll, eventfd, a timerfd for each of its clocks, and signals.
    private static let runtime = DescriptorDemand.perLoop + 10
    /// A broker's loop, both connections, and what a reconnect opens before the former ones are closed.
    private static let perBroker = 16

    /// The system's limit.
    let limit: Int
    /// What is needed if all connections are there that the settings allow.
    let needed: Int
    /// The connections that each instance may have.
    let connections: [InstanceID: Int]
    private let wanted: [InstanceID: Int]

    /// - Parameters:
    ///   - open: descriptors that are open before anything starts.
    ///   - brokers: how many brokers the node connects to.
    /// - Throws: `TooFewDescriptors` if not even one connection for each instance would fit.
    init(
        limit: Int, open: Int, brokers: Int, demands: [InstanceID: DescriptorDemand]
    ) throws(TooFewDescriptors) {
        let fixed =
            open + Self.reserve + Self.runtime + brokers * Self.perBroker
            + demands.values.reduce(0) {
                $0 + $1.loops * DescriptorDemand.perLoop + $1.listeners * DescriptorDemand.perListener
            }
        let listening = demands.filter { $0.value.connections > 0 }
        let least = fixed + listening.values.reduce(0) { $0 + $1.perConnection }
        guard least <= limit else { throw TooFewDescriptors(needed: least, limit: limit) }
        let more = listening.values.reduce(0) { $0 + ($1.connections - 1) * $1.perConnection }
        let left = min(more, limit - least)
        self.limit = limit
        needed = least + more
        wanted = listening.mapValues(\.connections)
        // One for each; the rest in proportion to what they want.
        connections = listening.mapValues { more == 0 ? 1 : 1 + ($0.connections - 1) * left / more }
    }

    /// Whether instances get fewer connections than their settings allow.
    var isLowered: Bool { needed > limit }

    /// Says what the limit means for the instances.
    func log(_ logger: Logger) {
        guard isLowered else {
            return logger.debug("open files", metadata: ["needed": "\(needed)", "limit": "\(limit)"])
        }
        let shares = connections.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value) of \(wanted[$0.key] ?? 0)" }
        logger.warning(
            "the system's limit of open files leaves room for fewer connections than MaxConnNum",
            metadata: [
                "needed": "\(needed)", "limit": "\(limit)", "connections": "\(shares.joined(separator: ", "))",
            ])
    }
}

extension DescriptorPlan {
    /// What a placement needs, within the limit that the system allows now.
    init(_ placement: Placement, limit: Int, open: Int) throws(TooFewDescriptors) {
        var brokers: [RabbitMQOptions] = []
        for options in placement.configuration.modules.compactMap(\.rabbitMQ)
        where !brokers.contains(where: options.reachesSame) {
            brokers.append(options)
        }
        let demands = placement.starting.compactMap { id, entry in
            entry.descriptors.map { (InstanceID(id), $0) }
        }
        try self.init(
            limit: limit, open: open, brokers: brokers.count,
            demands: Dictionary(demands, uniquingKeysWith: { first, _ in first }))
    }
}

/// The system's limit of open files is too low for this node.
package struct TooFewDescriptors: Error, CustomStringConvertible {
    package let needed: Int
    package let limit: Int

    package var description: String {
        "this node needs \(needed) open files at least, and the system's limit is \(limit): "
            + "raise it (ulimit -n, LimitNOFILE of systemd)"
    }
}
