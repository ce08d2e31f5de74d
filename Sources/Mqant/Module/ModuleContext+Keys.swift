import MqantRPC

extension ModuleContext {
    /// True if this instance is the owner of a key of its type, as its node sees it now: the one that calls to
    /// `.keyed(type, key:)` go to.
    ///
    /// The owner changes when instances of the type come and go. A module that keeps something for a key looks from time to time,
    /// and gives up what is another instance's by now.
    public func owns(_ key: String) -> Bool { (try? node.pick(.keyed(type, key: key))) == instance }
}
