/// How bad a seeded network is.
package struct SeededFaults: Sendable, Hashable {
    /// Whether what is sent may take some milliseconds.
    package var delaysMessages = true
    /// One envelope in so many, other than announcements, is lost with a few that follow it to the same queue, as in the
    /// window after a process was killed; 0: none.
    package var dropsOneIn = 0
    /// The longest run of envelopes lost together.
    package var longestDrop = 4
    /// One envelope in so many comes back although its queue lives; 0: none.
    package var returnsOneIn = 0
    /// One announcement in so many is lost; 0: none.
    package var missesOneAnnouncementIn = 0
    /// Requests that an endangered node takes at most until it is killed; 0: it lives.
    package var longestLife = 0

    package init() {}

    /// Delays and reordering only: the whole contract holds.
    package static let none = SeededFaults()
    /// Everything that a broker and killed processes do to envelopes.
    package static var all: SeededFaults {
        var faults = SeededFaults()
        (faults.dropsOneIn, faults.longestDrop) = (25, 4)
        faults.returnsOneIn = 20
        faults.missesOneAnnouncementIn = 5
        return faults
    }
}
