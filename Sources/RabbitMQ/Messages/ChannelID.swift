/// The number of a channel on its connection, 1 or more (0 is the connection's own).
package struct ChannelID: Hashable, Sendable, CustomStringConvertible {
    let number: UInt16

    package var description: String { "\(number)" }
}
