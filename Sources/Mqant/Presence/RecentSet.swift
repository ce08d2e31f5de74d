import NIOCore

/// A set that forgets: an element is in it for at least one period, and for two at most.
struct RecentSet<Element: Hashable & Sendable>: Sendable {
    private let period: TimeAmount
    private var current: Set<Element> = []
    private var previous: Set<Element> = []
    private var turned: NIODeadline

    init(period: TimeAmount, now: NIODeadline) {
        self.period = period
        turned = now
    }

    func contains(_ element: Element) -> Bool { current.contains(element) || previous.contains(element) }

    mutating func insert(_ element: Element, now: NIODeadline) {
        if now - turned >= period {
            previous = now - turned >= period + period ? [] : current
            current = []
            turned = now
        }
        current.insert(element)
    }

    /// - Returns: true if it was in the set.
    @discardableResult
    mutating func remove(_ element: Element) -> Bool {
        let wasRecent = previous.remove(element) != nil
        return current.remove(element) != nil || wasRecent
    }
}
