/// Tells that the exchange of announcements is gone, or its binding to this node's queue.
final class AnnouncementLosses: Sendable {
    /// One element for any number of reports that wait. For one reader.
    let reports: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() {
        (reports, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// From any thread.
    func report() { continuation.yield() }
}
