/// What a test waited for in vain.
public struct TestFailure: Error, CustomStringConvertible {
    /// What did not come, and how long the test waited for it.
    public let description: String

    init(_ description: String) { self.description = description }
}
