import Mqant

/// One member's part in the Gate's subscription to a group: the last that is given up ends it.
///
/// Its end gives it back, so whatever way out an operation takes, no subscription stays for a member that is not there.
final class GroupHold: Sendable {
    let group: GroupName
    private let end: @Sendable () -> Void

    init(_ group: GroupName, end: @escaping @Sendable () -> Void) {
        self.group = group
        self.end = end
    }

    deinit { end() }
}
