import MqantRPC
import NIOCore
import Synchronization

extension RabbitMQTransport {
    /// Probes this node's neighbours for as long as the transport lives.
    func watchNeighbours() async {
        while !Task.isCancelled {
            // The beat of the probes: a process that is killed tells nobody.
            do { try await Task.sleep(for: NeighbourRing.interval) } catch { return }
            probeNeighbours()
        }
    }

    private func probeNeighbours() {
        // While nothing can be written, nothing can be proven either.
        guard !isStalled else { return }
        for queue in arrivals.neighbours.withLock({ $0.queuesToProbe(now: .now()) }) { probe(queue) }
    }

    /// Tells everybody of a node that is proven gone, and goes on to the one behind it at once.
    func report(_ gone: WireGone) {
        if let body = gone.encoded { _ = append(OutboxEntry(.gone(body), to: "")) }
        probeNeighbours()
    }
}
