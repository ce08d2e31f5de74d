import NIOCore

/// Whether the kernel takes what is written to a connection: its client reads as long as it does.
struct WriteProgress {
    /// True if something was written that may not be taken yet.
    private(set) var isPending = false
    private var lastBuffered = 0
    private var lastProgress: NIODeadline?

    mutating func began() { isPending = true }

    /// True if bytes have waited for `limit` and none was taken.
    /// - Parameter buffered: the bytes that wait now.
    mutating func isStalled(buffered: Int, now: NIODeadline, limit: TimeAmount) -> Bool {
        guard buffered > 0 else {
            self = WriteProgress()
            return false
        }
        // Fewer bytes than before were taken from, more may have been added to; only growth without a look is missed,
        // and the limit in bytes catches that.
        if buffered < lastBuffered || lastProgress == nil { lastProgress = now }
        lastBuffered = buffered
        return lastProgress.map { now - $0 > limit } ?? false
    }
}
