extension ServerSession {
    /// The bounds of what one session may hold back for its client.
    package struct Configuration: Sendable, Hashable {
        /// Messages at QoS 1 and 2 that may be without acknowledgement at one time, 1...65534. Default 20.
        package let inFlightWindow: Int
        /// Messages that may wait for a place in the window, 0 for none. Default 1000.
        package let queuedMessages: Int
        /// Bytes of topics and payloads that may wait there. Default 1 MiB.
        package let queuedBytes: Int

        /// Values out of range are taken as the nearest in it.
        package init(inFlightWindow: Int = 20, queuedMessages: Int = 1000, queuedBytes: Int = 1 << 20) {
            self.inFlightWindow = min(max(inFlightWindow, 1), 65_534)
            self.queuedMessages = max(queuedMessages, 0)
            // A sum of this and one message must not overflow.
            self.queuedBytes = min(max(queuedBytes, 0), Int(Int32.max))
        }
    }

    /// What a packet means to the one who keeps the session.
    package enum Event: Sendable, Hashable {
        /// Nothing beyond what was written to the replies.
        case none
        /// A client asks to be let in: answer with ``ServerSession/accept(replies:)`` or
        /// ``ServerSession/refuse(_:replies:)`` before the next packet is passed on.
        indirect case connected(Connect)
        /// A CONNECT was refused by the protocol's own rules: send the replies, then close.
        case refused(ConnectReturnCode)
        /// A message, the first time that it is seen. It is acknowledged already: an acknowledgement says that it got
        /// here, not that anything was done about it.
        case publish(Publish)
        /// The client has said goodbye: close. Nothing may follow.
        case disconnect
    }
}
