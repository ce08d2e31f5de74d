import Mqant

/// Who is in which group, of one event loop. Each member knows its place, so that it leaves without a search.
///
/// Not Sendable: the loop's.
struct GroupMembers<Member> {
    private var members: [GroupName: [Member]] = [:]

    subscript(group: GroupName) -> [Member]? { members[group] }

    /// Adds a member at the end of a group.
    /// - Returns: its place, for `remove`.
    mutating func add(_ member: Member, to group: GroupName) -> Int {
        let index = members[group]?.count ?? 0
        members[group, default: []].append(member)
        return index
    }

    /// Removes the member at a place.
    /// - Returns: the member that has the place now: the last one took it.
    mutating func remove(at index: Int, of group: GroupName) -> Member? {
        guard let last = members[group]?.popLast(), let count = members[group]?.count else { return nil }
        guard index < count else {
            if count == 0 { members[group] = nil }
            return nil
        }
        members[group]?[index] = last
        return last
    }

    mutating func removeAll() { members = [:] }
}
