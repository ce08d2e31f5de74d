/// A packet as a client sends it.
///
/// CONNECT is boxed: it comes once per connection, and its size would otherwise be every packet's size.
package enum Packet: Sendable, Hashable {
    indirect case connect(Connect)
    /// A CONNECT of a known protocol name and a level that is not spoken here. Nothing behind the level was read.
    case unsupportedConnect(level: UInt8)
    case publish(Publish)
    case puback(PacketID)
    case pubrec(PacketID)
    case pubrel(PacketID)
    case pubcomp(PacketID)
    case subscribe(Subscribe)
    case unsubscribe(Unsubscribe)
    case pingreq
    case disconnect
}
