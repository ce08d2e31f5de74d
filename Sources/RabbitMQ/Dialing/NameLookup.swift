import Dispatch
import Synchronization

/// Asks the system for the addresses of names, on threads of their own: `getaddrinfo` takes no deadline, and a resolver
/// that does not answer must not keep a loop.
///
/// A second question for the same name waits for the first one's answer, so at most one thread hangs for each name.
final class NameLookup: Sendable {
    static let shared = NameLookup { PeerAddress.all(of: $0, port: $1) }

    enum Answer: Sendable {
        case addresses([PeerAddress])
        case unknownName
        case late
    }

    private struct Name: Hashable {
        let host: String
        let port: UInt16
    }

    private final class Lookup: Sendable {
        let answer = Mutex<Answer?>(nil)
        let done = DispatchSemaphore(value: 0)
    }

    private let resolve: @Sendable (String, UInt16) -> [PeerAddress]?
    private let running = Mutex<[Name: Lookup]>([:])

    init(resolve: @escaping @Sendable (String, UInt16) -> [PeerAddress]?) {
        self.resolve = resolve
    }

    /// Waits for the answer, on the calling thread, at most until `deadline`.
    func addresses(of host: String, port: UInt16, until deadline: MonotonicTime) -> Answer {
        if let address = PeerAddress(host, port: port) { return .addresses([address]) }
        let name = Name(host: host, port: port)
        let (lookup, isNew) = running.withLock { running in
            if let lookup = running[name] { return (lookup, false) }
            let lookup = Lookup()
            running[name] = lookup
            return (lookup, true)
        }
        if isNew, !NativeThread.start(name: "rabbitmq-lookup", { self.run(name, lookup) }) {
            finish(name, lookup, .late)
        }
        let now = MonotonicTime.now
        let left = deadline > now ? deadline.nanoseconds - now.nanoseconds : 0
        guard lookup.done.wait(timeout: .now() + .nanoseconds(Int(clamping: left))) == .success else { return .late }
        // The next one who waits.
        lookup.done.signal()
        return lookup.answer.withLock { $0 } ?? .late
    }

    private func run(_ name: Name, _ lookup: Lookup) {
        finish(name, lookup, resolve(name.host, name.port).map { .addresses($0) } ?? .unknownName)
    }

    private func finish(_ name: Name, _ lookup: Lookup, _ answer: Answer) {
        lookup.answer.withLock { $0 = answer }
        running.withLock { $0[name] = nil }
        lookup.done.signal()
    }
}
