package import NIOCore

/// All times and counts of membership: how often nodes look after each other, and how long they wait for what.
package struct MembershipTiming: Sendable, Hashable {
    /// How often a node probes its neighbour in the ring, itself, and callees that have had a call for as long.
    package var probeInterval = TimeAmount.milliseconds(500)
    /// A neighbour is relied on to look after those behind it that gave a sign of life in so long: it answered the last probe.
    package var answerTime = TimeAmount.milliseconds(750)
    /// A neighbour is unreachable that has left all probes unanswered for so long. With the interval before the first of them
    /// that is 3 s after its last answer, at most.
    package var unreachableTime = TimeAmount.milliseconds(2500)
    /// A node whose probe of itself has not come back for so long judges nobody: its own link is at fault.
    package var deafness = TimeAmount.milliseconds(1500)
    /// How many neighbours a node probes at most while the nearest ones do not answer.
    package var maximumProbed = 8

    /// How often a node repeats its announcement although nothing has changed, if the cluster is small: so long may it take
    /// until a node notices that it hears nothing.
    package var repeatInterval = TimeAmount.seconds(5)
    /// The same for each node of a large cluster: every node then hears five repetitions a second.
    package var repeatShare = TimeAmount.milliseconds(200)
    /// A node that is asked to announce itself to all does so once in so long.
    package var answerInterval = TimeAmount.milliseconds(100)
    /// A node's message to all that has not come back to it for so long: the exchange, or its binding, is gone.
    package var echoTime = TimeAmount.milliseconds(2500)

    /// How long all who are there may take to tell a node that has just started who they are.
    package var acquaintance = TimeAmount.milliseconds(1200)
    /// How long calls wait for instances to come back after this node's own reconnect.
    package var reconnectPatience = TimeAmount.seconds(3)
    /// How long announcements may be on their way that were sent before their node was proven gone.
    package var overtakenTime = TimeAmount.seconds(3)
    /// How long a goodbye is remembered, against announcements that it overtook.
    package var goodbyeMemory = TimeAmount.seconds(60)
    /// How long a node is remembered that announces nothing which could be probed.
    package var idleMemory = TimeAmount.seconds(60)
    /// How long replies of an incarnation that is proven gone may still arrive.
    package var lastReplyGrace = TimeAmount.milliseconds(500)
    /// How long the load that came with a reply counts. After that an instance is taken for idle, so that it is asked again.
    package var loadMemory = TimeAmount.seconds(1)

    /// How many nodes tell a newcomer of the others.
    package var introducers = 3
    /// Of so many instances they tell it in one message, about: some 40 KiB.
    package var introducedInstances = 150

    package init() {}

    /// The pause between two repetitions in a cluster of so many nodes.
    package func repeatPause(nodes: Int) -> TimeAmount { max(repeatInterval, repeatShare * nodes) }
}
