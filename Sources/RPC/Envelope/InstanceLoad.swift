/// How busy an instance is.
package struct InstanceLoad: Sendable, Hashable {
    /// Calls in flight and in the waiting line.
    package var calls: Int
    /// Whether another call would wait.
    package var isFull: Bool

    package init(calls: Int = 0, isFull: Bool = false) {
        self.calls = calls
        self.isFull = isFull
    }
}
