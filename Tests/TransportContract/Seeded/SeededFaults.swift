/// How bad a seeded network is. Delays it always has.
package struct SeededFaults: Sendable, Hashable {
    /// One envelope in so many, other than announcements, is lost with a few that follow it to the same queue, as in the
    /// window after a process was killed; 0: none.
    package var dropsOneIn = 0
    /// The longest run of envelopes lost together.
    package var longestDrop = 4
    /// One envelope in so many comes back although its queue lives; 0: none.
    package var returnsOneIn = 0
    /// One announcement in so many is lost; 0: none.
    package var missesOneAnnouncementIn = 0

    /// Delays and reordering only: the whole contract holds.
    package static let none = SeededFaults()
    /// Everything that a broker and killed processes do to envelopes.
    package static let all = SeededFaults(
        dropsOneIn: 25, longestDrop: 4, returnsOneIn: 20, missesOneAnnouncementIn: 5)
}
