/// What a Gate tells an owner of groups. Messages of one Gate to one queue arrive in the order in which they were sent.
enum SubscriptionMessage: Hashable, Sendable {
    /// The Gate has members of these groups.
    case subscribe([GroupName])
    /// It has none any more.
    case unsubscribe([GroupName])
    /// Sessions of the Gate have users, or ask for them; it subscribes to their groups.
    case bind([UserBinding])
    /// They have them no more, and other sessions of the Gate do.
    case release([UserRelease])
    /// The Gate takes these instances to be live, and has said of all groups for which the receiver is responsible among
    /// them that it has members. It will say so of others, until it sends another view.
    /// `received`: the number of the last delivery of this owner that it has.
    case view(OwnershipView, received: UInt64)
    /// Deliveries up to this number need not be kept.
    case received(UInt64)

    /// Whether the owner tells when it has taken the message in: a member may wait for it.
    var isAnswered: Bool {
        switch self {
        case .subscribe, .bind, .view: true
        case .unsubscribe, .release, .received: false
        }
    }
}
