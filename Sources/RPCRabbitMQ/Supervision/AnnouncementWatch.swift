import Logging
import MqantRPC
import MqantRabbitMQ
import NIOCore

/// Somebody may delete the exchange of announcements, or what is bound to it. The next publisher is told (404) and declares
/// it again, but nobody tells the others that their bindings went with it: each node looks after its own (docs/wire.md §1).
struct AnnouncementWatch: Sendable {
    /// How often a node looks whether it is deaf.
    private static let beat = Duration.seconds(1)
    /// A broker that is only overloaded shall not have to bind again and again.
    private static let deafPause = TimeAmount.seconds(8)
    /// After so long without a loss the next one is told of again.
    private static let settlingTime = Duration.seconds(10)

    let configuration: TransportConfiguration
    let present: PresentSession
    let echo: AnnouncementEcho
    let losses: AnnouncementLosses
    /// The node is told through it.
    let dispatcher: DeliveryDispatcher
    let logger: Logger

    /// Reports deafness as a loss, until the task is cancelled.
    func watch() async {
        var last: NIODeadline?
        while !Task.isCancelled {
            do { try await Task.sleep(for: Self.beat) } catch { return }
            guard let session, !session.isStalled else {
                echo.reset()
                continue
            }
            let now = NIODeadline.now()
            if let last, now - last < Self.deafPause { continue }
            guard echo.takeLoss(after: configuration.membership.echoTime, now: now) else { continue }
            last = now
            losses.report()
        }
    }

    /// Declares and binds again what is gone, whenever a loss is reported, until the task is cancelled.
    func restore() async {
        var warning = RepeatedWarning(logger: logger)
        var last = ContinuousClock.now
        for await _ in losses.reports {
            guard let session else { continue }
            if ContinuousClock.now - last > Self.settlingTime { warning = RepeatedWarning(logger: logger) }
            last = .now
            warning.log(
                "announcements do not come back from the broker",
                "somebody deleted \(session.names.nodes) or its bindings: declaring it and binding again",
                configuration.brokers)
            do {
                try await session.restoreExchange()
            } catch let error as RabbitMQError where error.code == .timeout {
                // The broker is busy. As long as this node does not hear itself, that is noticed again.
                logger.debug("announcements not restored", metadata: ["reason": "\(error)"])
                continue
            } catch is CancellationError {
                return
            } catch {
                // What cannot be mended here is begun anew, and complained of there.
                session.end(error as? RabbitMQError ?? RabbitMQError(.closedLocally, "given up", underlying: error))
                continue
            }
            // What waited for the channel, and what was missed meanwhile.
            dispatcher.receiver?.announcementsRestored()
            last = .now
        }
    }

    /// The present session once all is back on it.
    private var session: BrokerSession? {
        guard let session = present.session, !session.isOver else { return nil }
        return session
    }
}
