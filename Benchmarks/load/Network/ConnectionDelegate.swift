/// Hears what comes from the connections of a pool. What it writes into the pool's `output` meanwhile goes to that
/// connection.
protocol ConnectionDelegate: AnyObject {
    /// The server has taken the client.
    func opened(_ client: Int, now: UInt64)
    /// The server has answered a SUBSCRIBE.
    func subscribed(_ client: Int, now: UInt64)
    func received(_ publish: Publish, by client: Int, now: UInt64)
    func closed(_ client: Int, _ fault: ConnectionFault, now: UInt64)
}
