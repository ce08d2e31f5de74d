/// One client's socket, and what of a packet has come so far.
struct Connection {
    enum Phase: UInt8 {
        case closed
        /// The system connects it.
        case connecting
        /// The server has not answered the request for a WebSocket.
        case upgrading
        /// The server has not answered the CONNECT.
        case greeting
        case open
    }

    var descriptor: Int32 = -1
    var phase = Phase.closed
    /// The name of the client, for its CONNECT.
    var clientID = ""
    var lastPacketID: UInt16 = 0
    var lastWritten: UInt64 = 0
    /// What has come and is no whole packet yet: first `packetBytes` of MQTT, then a piece of a frame.
    var input: [UInt8] = []
    var packetBytes = 0
    /// What the system has not taken yet.
    var backlog: [UInt8] = []

    mutating func nextPacketID() -> UInt16 {
        lastPacketID = lastPacketID == .max ? 1 : lastPacketID + 1
        return lastPacketID
    }
}
