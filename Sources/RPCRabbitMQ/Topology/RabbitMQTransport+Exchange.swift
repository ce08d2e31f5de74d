import Logging
import MqantRPC
import MqantRabbitMQ
import NIOCore
import Synchronization

/// Somebody may delete the exchange of announcements, or what is bound to it. Whoever publishes there next is told (404) and
/// declares it again, but nobody tells the others that their bindings went with it: each node looks after its own
/// (docs/wire.md §1).
extension RabbitMQTransport {
    /// How often a node looks whether it is deaf.
    private static var beat: Duration { .seconds(1) }
    /// A broker that is only overloaded shall not have to bind again and again.
    private static var deafPause: TimeAmount { .seconds(8) }
    /// After so long without a loss the next one is told of again.
    private static var settlingTime: Duration { .seconds(10) }

    /// Has deafness noticed, for as long as the transport lives.
    func watchAnnouncements() async {
        var last: NIODeadline?
        while !Task.isCancelled {
            do { try await Task.sleep(for: Self.beat) } catch { return }
            guard let incarnation = present, !incarnation.isStalled else {
                arrivals.echo.reset()
                continue
            }
            let now = NIODeadline.now()
            if let last, now - last < Self.deafPause { continue }
            guard arrivals.echo.takeLoss(after: configuration.membership.echoTime, now: now) else { continue }
            last = now
            arrivals.announcementsLost()
        }
    }

    /// Declares and binds again what is gone, whenever a loss is noticed.
    func restoreAnnouncements() async {
        var complaint = Complaint(logger: logger)
        var last = ContinuousClock.now
        for await _ in losses {
            guard let incarnation = present else { continue }
            if ContinuousClock.now - last > Self.settlingTime { complaint = Complaint(logger: logger) }
            last = .now
            complaint.make(
                "announcements do not come back from the broker",
                "somebody deleted \(incarnation.names.nodes) or its bindings: declaring it and binding again", uris)
            do {
                try await incarnation.restoreExchange()
                try await incarnation.writer?.reopenConfirming()
            } catch let error as RabbitMQError where error.code == .timeout {
                // The broker is busy. As long as this node does not hear itself, that is noticed again.
                logger.debug("announcements not restored", metadata: ["reason": "\(error)"])
                continue
            } catch {
                // What cannot be mended here is begun anew, and complained of there.
                incarnation.end(
                    error as? RabbitMQError ?? RabbitMQError(.closedLocally, "given up", underlying: error))
                continue
            }
            // What waited for the channel, and what was missed meanwhile.
            arrivals.receiver?.announcementsRestored()
            last = .now
        }
    }

    /// The present connection once all is back on it.
    private var present: Incarnation? {
        state.withLock { state in
            guard let incarnation = state.incarnation, !incarnation.isOver else { return nil }
            return incarnation
        }
    }
}
