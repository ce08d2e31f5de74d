import DequeModule

/// The groups that a Gate has members of, and which of their first members wait for messages to arrive. A pure value.
struct SettlingGroups: Hashable, Sendable {
    private struct Group: Hashable, Sendable {
        /// Set while its first member waits: the number of the last message that has to arrive.
        var awaited: UInt64?
    }

    private var groups: [GroupName: Group] = [:]
    /// Those whose first member waits for messages, in the order of what they await.
    private var awaiting: Deque<GroupName> = []
    /// Those whose first member waits for an owner that can be told.
    private var stuck: Set<GroupName> = []
    /// Groups whose first member has come to be there since it was asked last.
    private var settled = Memo<[GroupName]>([])

    var names: some Sequence<GroupName> { groups.keys }

    /// Whether the group has a member, there or not yet.
    func includes(_ name: GroupName) -> Bool { groups[name] != nil }

    /// Whether the group has a member who is there.
    func isHeld(_ name: GroupName) -> Bool { groups[name].map { $0.awaited == nil } ?? false }

    /// A member of the group waits for all messages up to this number.
    mutating func await(_ number: UInt64, for name: GroupName) {
        groups[name] = Group(awaited: number)
        awaiting.append(name)
    }

    /// - Returns: false if it was not there.
    mutating func remove(_ name: GroupName) -> Bool {
        guard groups.removeValue(forKey: name) != nil else { return false }
        stuck.remove(name)
        return true
    }

    /// Owners have been told of a change: those that were stuck may go on.
    /// - Parameter number: a member that waits is there when all messages up to it have arrived, too; nil: none was
    ///   sent.
    mutating func ownersWereTold(upTo number: UInt64?) {
        awaiting.append(contentsOf: stuck.sorted())
        stuck = []
        guard let number else { return }
        for name in awaiting where groups[name]?.awaited != nil { groups[name]?.awaited = number }
    }

    /// Looks which members are there by now.
    /// - Parameters:
    ///   - first: the number of the first message that is still on its way.
    ///   - canSettle: whether the owner of a group knows all that it has to.
    /// - Returns: the groups whose first member has come to be there.
    mutating func settle(before first: UInt64, canSettle: (GroupName) -> Bool) -> [GroupName] {
        var news: [GroupName] = []
        while let name = awaiting.first {
            // Those without a number are there, or are not wanted any more.
            let awaited = groups[name]?.awaited
            guard first > awaited ?? 0 else { break }
            awaiting.removeFirst()
            guard awaited != nil else { continue }
            guard canSettle(name) else {
                stuck.insert(name)
                continue
            }
            groups[name]?.awaited = nil
            news.append(name)
        }
        settled.value += news
        return news
    }

    /// The last member of a group may be there by now.
    mutating func noteSettled(_ name: GroupName) {
        if isHeld(name) { settled.value.append(name) }
    }

    /// Tells which groups' first members have come to be there since it was asked last.
    mutating func takeSettled() -> [GroupName] {
        defer { settled.value = [] }
        return settled.value
    }
}
