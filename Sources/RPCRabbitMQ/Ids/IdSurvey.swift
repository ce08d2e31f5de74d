import MqantRPC
import NIOCore
import Synchronization

/// Asks the other nodes who has an Id, and knows what they answered.
final class IdSurvey: Sendable {
    private let holders: IdHolders
    private let echo: AnnouncementEcho
    private let membership: MembershipSender
    /// The session on which the others have had the time to say who they are.
    private let acquainted = Mutex<QueueName?>(nil)

    init(holders: IdHolders, echo: AnnouncementEcho, membership: MembershipSender) {
        self.holders = holders
        self.echo = echo
        self.membership = membership
    }

    /// The node with the strongest claim to an Id, by claims that were heard since a time.
    func holder(of id: InstanceID, since: NIODeadline = .distantPast) -> IdHolders.Holder? {
        holders.holder(of: id, since: since)
    }

    /// Asks everybody who is there.
    func ask() { membership.ask() }

    /// Has everybody say who has an Id, unless that was asked a moment ago.
    func ask(about held: HeldId) {
        if held.takeQuestion(now: .now()) { ask() }
    }

    /// Whether this node asked so long ago who has an Id, hears what is said, and nobody claimed it.
    func hasHeardNobody(about held: HeldId, for time: TimeAmount) -> Bool {
        guard let asked = held.asked, NIODeadline.now() - asked >= time else { return false }
        guard let echo = echo.last, echo >= asked else { return false }
        return holder(of: held.id, since: asked) == nil
    }

    /// Waits once on every connection until others have had the time to say who they are.
    func becomeAcquainted(on session: BrokerSession) async throws {
        guard acquainted.withLock({ $0 }) != session.names.replies else { return }
        let asked = NIODeadline.now()
        ask()
        while echo.last ?? .distantPast < asked, .now() < asked + IdTiming.echoTime {
            // Polled: once on each connection.
            try await Task.sleep(for: .milliseconds(5))
        }
        // How many will answer nobody knows: nothing tells that all have.
        try await Task.sleep(for: .nanoseconds(IdTiming.answerTime.nanoseconds))
        acquainted.withLock { $0 = session.names.replies }
    }
}
