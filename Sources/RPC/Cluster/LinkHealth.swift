import NIOCore

/// Whether this node hears the others, and is heard. A node that does not judges nobody: it is its own link that is
/// broken, and the silence of others says nothing of them. A pure value.
struct LinkHealth: Sendable {
    /// A probe of itself that has not come back for so long shows that the link is broken.
    private let deafness: TimeAmount
    /// When the last probe of itself came back; nil: never.
    private var lastEcho: NIODeadline?
    /// Whether there is a connection on which others can be asked.
    private(set) var isOpen = true

    init(deafness: TimeAmount) { self.deafness = deafness }

    /// The connection broke (`false`), is stopped (`false`), or is there again.
    mutating func setOpen(_ isOpen: Bool) { self.isOpen = isOpen }

    /// Whether the silence of others counts.
    func isJudging(at now: NIODeadline) -> Bool { isOpen && hearsItself(at: now) }

    /// A probe of itself came back.
    /// - Returns: true if the link was broken until now: the others' silence meant nothing.
    mutating func echoed(at now: NIODeadline) -> Bool {
        defer { lastEcho = now }
        return !hearsItself(at: now)
    }

    private func hearsItself(at now: NIODeadline) -> Bool { lastEcho.map { now - $0 < deafness } ?? false }
}
