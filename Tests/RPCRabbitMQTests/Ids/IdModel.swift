/// The words of `IdWorld`.
enum IdModel {
    /// What a scenario is made of. Processes are 0 to 2, the broker's nodes 0 and 1.
    enum Event: Hashable, Sendable {
        case starts(Int, at: Int)
        case crashes(Int)
        case stops(Int)
        case continues(Int)
        /// Its connection breaks, and the broker may notice later.
        case loses(Int)
        case reconnects(Int, at: Int)
        case brokerDies(Int)
        case brokerReturns(Int)
    }

    /// Mistakes that the exploration must find.
    enum Flaw: Hashable, CaseIterable, Sendable {
        case trustsTheLockAlone
        case waitsForNoAnswer
        case keepsTheLock
        case ranksAlone
        case noticesNoStop
        case standsByForEver
    }
}
