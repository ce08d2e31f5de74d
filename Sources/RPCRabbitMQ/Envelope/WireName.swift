/// Names that stand on the wire (docs/wire.md).
enum WireName {
    static let json = "application/json"
    static let bytes = "application/octet-stream"
    static let batch = "application/vnd.mqant.batch"

    /// Header: the session on whose behalf a request is made, as JSON.
    static let session = "session"
    /// Header: milliseconds that the caller still waits; in single messages `expiration` says the same.
    static let timeout = "timeout"
    /// Header of an error: `RPCError.Code`'s raw value, or `withdrawn`.
    static let errorCode = "error-code"

    /// Headers of a reply: how many calls its instance has in flight and waiting, and whether another one would wait.
    static let load = "load"
    static let full = "full"

    /// Headers that a request's own headers cannot have.
    static let reserved: Set<String> = [session, timeout, errorCode]

    /// Bytes of the headers that are not for a session: `traceparent`, and a request's own.
    static let headerReserve = 512

    /// The version of the protocol, which every announcement bears.
    static let version = 2

    /// Types of messages on the exchange of announcements.
    static let announcement = "member"
    static let question = "who-are-you"
    static let gone = "gone"
    static let unreachable = "unreachable"
    /// What nodes of version 1 call an announcement.
    static let formerAnnouncement = "announcement"
}
