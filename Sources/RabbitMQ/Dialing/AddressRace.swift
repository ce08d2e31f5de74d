import Glibc

/// Connects to one of a name's addresses, in the spirit of RFC 8305. Each address has its turn before the deadline, even
/// if the one before it does not answer. The first that connects wins.
struct AddressRace {
    enum Failure: Error {
        /// All have refused; the last error counts.
        case refused(SystemCallError)
        case late
        /// The attempt was given up from outside.
        case cut
    }

    private struct Attempt {
        let address: PeerAddress
        let descriptor: Int32
    }

    /// RFC 8305 §5, "Connection Attempt Delay".
    private static let stagger: UInt64 = 250_000_000

    private var waiting: ArraySlice<PeerAddress>
    private var attempts: [Attempt] = []
    private var lastError = SystemCallError(call: "connect", number: EHOSTUNREACH)
    private let deadline: MonotonicTime
    private let stagger: UInt64

    /// RFC 8305 §4: families alternate, beginning with the system's choice.
    static func order(_ addresses: [PeerAddress], preferred: PeerAddress? = nil) -> [PeerAddress] {
        guard let first = addresses.first else { return [] }
        let same = addresses.filter { $0.isIPv6 == first.isIPv6 }
        let other = addresses.filter { $0.isIPv6 != first.isIPv6 }
        var ordered: [PeerAddress] = []
        for index in 0..<max(same.count, other.count) {
            if index < same.count { ordered.append(same[index]) }
            if index < other.count { ordered.append(other[index]) }
        }
        if let preferred, let index = ordered.firstIndex(of: preferred) {
            ordered.insert(ordered.remove(at: index), at: 0)
        }
        return ordered
    }

    private init(_ addresses: [PeerAddress], until deadline: MonotonicTime) {
        waiting = addresses[...]
        self.deadline = deadline
        let now = MonotonicTime.now
        let left = deadline > now ? deadline.nanoseconds - now.nanoseconds : 0
        // With more addresses than fit, they come closer together: the last has half of the time, too.
        stagger = min(Self.stagger, left / UInt64(2 * max(1, addresses.count)))
    }

    /// - Parameter isCut: asked at every turn; true gives it all up.
    /// - Returns: a connected socket, which does not wait.
    static func run(
        _ addresses: [PeerAddress], until deadline: MonotonicTime, isCut: () -> Bool
    ) throws(Failure) -> (address: PeerAddress, descriptor: Int32) {
        var race = AddressRace(addresses, until: deadline)
        let result: Result<Attempt, Failure> = race.run(isCut)
        for attempt in race.attempts { close(attempt.descriptor) }
        let winner = try result.get()
        return (winner.address, winner.descriptor)
    }

    private mutating func run(_ isCut: () -> Bool) -> Result<Attempt, Failure> {
        var nextTurn = MonotonicTime.now
        while true {
            let now = MonotonicTime.now
            if isCut() { return .failure(.cut) }
            if now >= deadline { return .failure(.late) }
            if attempts.isEmpty || now >= nextTurn, let address = waiting.popFirst() {
                nextTurn = now.advanced(by: stagger)
                switch address.beginConnecting() {
                case .success(let descriptor): attempts.append(Attempt(address: address, descriptor: descriptor))
                case .failure(let error): lastError = error
                }
                continue
            }
            guard !attempts.isEmpty else { return .failure(.refused(lastError)) }
            if let winner = wait(until: min(deadline, waiting.isEmpty ? now.advanced(by: Self.stagger) : nextTurn)) {
                return .success(winner)
            }
        }
    }

    /// Waits for the attempts, and drops those that failed.
    private mutating func wait(until end: MonotonicTime) -> Attempt? {
        var descriptors = attempts.map { pollfd(fd: $0.descriptor, events: Int16(POLLOUT), revents: 0) }
        guard poll(&descriptors, nfds_t(descriptors.count), end.pollTimeout(from: .now)) > 0 else { return nil }
        for (index, entry) in descriptors.enumerated().reversed() where entry.revents != 0 {
            var error: Int32 = 0
            var size = socklen_t(MemoryLayout<Int32>.size)
            getsockopt(entry.fd, SOL_SOCKET, SO_ERROR, &error, &size)
            let attempt = attempts.remove(at: index)
            if error == 0 { return attempt }
            lastError = SystemCallError(call: "connect", number: error)
            close(attempt.descriptor)
        }
        return nil
    }
}
