import NIOCore

/// All times of taking, keeping and giving up Ids.
enum IdTiming {
    /// Between two attempts at a lock at the start: the broker tells nobody that an exclusive queue is gone.
    static let retryPause = Duration.milliseconds(100)
    /// Between two looks at the Ids that a node serves. Nobody waits for that.
    static let keepPause = Duration.milliseconds(500)
    /// Between two questions, while nobody answers: every other node answers each.
    static let questionPause = TimeAmount.milliseconds(500)
    /// A lock that is held and whose holder answers nothing for so long is passed over. A node that lives answers the
    /// first question within milliseconds; one that has just lost its connection is back by then.
    static let patience = TimeAmount.milliseconds(2200)
    /// A process that had no answer of the broker for so long asks who has its Ids before it takes them for its own
    /// again. Less than `patience`: by then nobody else has passed over it.
    static let absence = Duration.milliseconds(1700)
    /// How long the others may take to answer, once this node's question has come back to itself, where it has the
    /// lock.
    static let answerTime = TimeAmount.milliseconds(100)
    /// How long the question may take to come back.
    static let echoTime = TimeAmount.milliseconds(500)
    /// How long a node that serves an Id may take to say so again.
    static let silenceTime = TimeAmount.milliseconds(1200)
    /// A process on standby asks after a holder that it has not heard for so long.
    static let standbyPause = TimeAmount.seconds(10)
}
