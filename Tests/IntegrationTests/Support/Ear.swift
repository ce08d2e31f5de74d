import MqantRPC
import NIOCore
import Synchronization

/// What a transport tells, without a node.
final class Ear: TransportReceiver {
    enum Event: Sendable, Equatable {
        case told(Int, String)
        case opened
        case broke
        case stalled(Bool)
    }

    let events = Log<Event>()
    let returns = Log<QueueName>()
    /// What else happens with announcements.
    let onAnnouncement = Mutex<(@Sendable (Announcement) -> Void)?>(nil)

    /// A confirmation that notes what became of the number.
    func confirmation(of number: Int) -> @Sendable (DeliveryOutcome) -> Void {
        { [events] in events.add(.told(number, $0.text)) }
    }

    /// What was told of sends so far, in order.
    var told: [(number: Int, outcome: String)] {
        events.elements.compactMap { if case .told(let number, let outcome) = $0 { (number, outcome) } else { nil } }
    }

    func connectionChanged(_ change: ConnectionChange) {
        switch change {
        case .opened: events.add(.opened)
        case .broke: events.add(.broke)
        case .stalled(let isStalled): events.add(.stalled(isStalled))
        case .standby: break
        }
    }

    func returned(_ envelope: Envelope, from queue: QueueName) { returns.add(queue) }
    func received(_ envelope: Envelope, on queue: QueueName) {}
    func received(_ announcement: Announcement) { onAnnouncement.withLock { $0 }?(announcement) }
    func refused(_ request: RPCRequest, _ error: RPCError) {}
    func vanished(_ queue: QueueName, probedAt: NIODeadline) {}
    func gone(_ node: NodeID, _ queues: [QueueName]) {}
    func told(_ claim: MembershipTable.Claim) {}
    func answered(_ node: NodeID) {}
    func asked(by queue: QueueName?) {}
    func announcementsRestored() {}
    func refused(_ node: NodeID, host: String, version: Int) {}
    func heardItself() {}
}

extension DeliveryOutcome {
    /// For comparisons.
    var text: String {
        switch self {
        case .delivered: "delivered"
        case .returned: "returned"
        case .unknown: "unknown"
        case .refused(let error): "refused: \(error.code.rawValue)"
        }
    }
}
