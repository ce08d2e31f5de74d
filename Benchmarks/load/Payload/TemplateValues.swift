/// What placeholders stand for in one message.
struct TemplateValues {
    /// The client's number; clients of all processes have different ones.
    var client: Int
    /// The number of the client's room.
    var room = 0
    /// How many messages the client has sent, this one included.
    var count: UInt64 = 0
    /// When the message is sent.
    var time: UInt64 = 0

    /// A number that looks random, the same for the same message.
    func random(_ salt: Int) -> UInt64 {
        var bits = UInt64(truncatingIfNeeded: client) << 40 ^ count << 8 ^ UInt64(truncatingIfNeeded: salt)
        bits &+= 0x9e37_79b9_7f4a_7c15
        bits = (bits ^ bits >> 30) &* 0xbf58_476d_1ce4_e5b9
        bits = (bits ^ bits >> 27) &* 0x94d0_49bb_1331_11eb
        return bits ^ bits >> 31
    }
}
