import FoundationEssentials
public import Mqant
import Synchronization

/// Finds two players for a game: they ask for a match in a queue, and are told where to meet.
///
/// A Lobby keeps no queue. Who waits is a member of the queue's group, under all that is to be known as the presence's name: so
/// whoever leaves or loses the connection is out, and when an instance goes, the next owner of the queue finds all who wait in its
/// roster. And a Gate gives each member to one Lobby alone, even while two take themselves for the owner.
public struct Lobby: Module {
    /// Its name in `server.conf` and in clients' topics.
    public static let type: ModuleType = "Lobby"

    private static let ratings = 0...10_000
    private static let nameByteCounts = 1...40

    private let context: ModuleContext
    private let settings: LobbySettings
    private let roster: Roster
    private let taken = TakenTickets()

    /// The roster has those who wait.
    public var components: [any ModuleComponent] { [roster] }

    /// Keyed by queue: its owner alone makes pairs of those in it.
    public static func route(_ request: ClientRequest) -> Endpoint {
        request.string("queue").map { .keyed(type, key: $0) } ?? .any(type)
    }

    /// Makes an instance; its roster asks the Gates.
    public init(settings: LobbySettings, context: ModuleContext) {
        self.context = context
        self.settings = settings
        roster = Roster(context: context) { _ in }
    }

    /// Says what clients may call.
    public func register(on server: RPCServer) throws {
        try server.register("Handler_Find") { (session: Session, request: FindRequest) in
            try await find(session, request)
        }
        try server.register("Handler_Cancel") { (session: Session, request: CancelRequest) in
            try await session.leave(group(of: queue(request.queue)))
        }
    }

    /// Makes pairs in the queues that it owns.
    public func run() async throws {
        try await withThrowingDiscardingTaskGroup { tasks in
            try await context.every(settings.interval) { _ in
                for queue in settings.queues where context.owns(queue) {
                    // A Gate that does not answer delays its own players alone.
                    for (one, other) in await pairs(in: queue) {
                        tasks.addTask { await match(one, other, in: queue) }
                    }
                }
            }
        }
    }

    // MARK: What clients ask

    private func find(_ session: Session, _ request: FindRequest) async throws {
        let queue = try queue(request.queue)
        let name = request.name.nfc
        guard Self.nameByteCounts.contains(name.utf8.count) else { throw HandlerError("a name has 1 to 40 bytes") }
        guard Self.ratings.contains(request.rating) else { throw HandlerError("a rating is 0 to 10000") }
        guard await roster.members(of: group(of: queue)).count < settings.maximumWaiting else {
            throw HandlerError("too many wait for a match")
        }
        // Who asks again waits anew.
        if session.groups.contains(group(of: queue)) { try await session.leave(group(of: queue)) }
        let seeker = Seeker(
            ticket: Self.randomText(), name: name, rating: request.rating, since: Date.now.timeIntervalSince1970)
        try await wait(session, seeker, in: queue)
    }

    private func queue(_ name: String) throws(HandlerError) -> String {
        guard settings.queues.contains(name) else { throw HandlerError("there is no such queue") }
        return name
    }

    private func group(of queue: String) -> GroupName { .owned(by: Self.type, key: queue) }

    private func wait(_ session: Session, _ seeker: Seeker, in queue: String) async throws {
        let text = String(buffer: try context.json(seeker))
        try await session.join(group(of: queue), presence: Presence(type: Self.type, key: queue, name: text))
    }

    // MARK: Matches

    /// One who waits, and where.
    private struct Candidate: Sendable {
        var seeker: Seeker
        var session: Session
    }

    private func pairs(in queue: String) async -> [(Candidate, Candidate)] {
        let members = await roster.members(of: group(of: queue))
        var candidates: [String: Candidate] = [:]
        for member in members {
            guard let seeker = try? JSONDecoder().decode(Seeker.self, from: Data(member.name.utf8)) else { continue }
            candidates[seeker.ticket] = Candidate(seeker: seeker, session: context.session(of: member))
        }
        let waiting = taken.waiting(queue, Set(candidates.keys))
        let pairs = settings.matchmaker.pairs(
            among: candidates.values.map(\.seeker).filter { waiting.contains($0.ticket) },
            now: Date.now.timeIntervalSince1970)
        return pairs.compactMap { one, other in
            guard let one = candidates[one.ticket], let other = candidates[other.ticket] else { return nil }
            taken.take(queue, one.seeker.ticket)
            taken.take(queue, other.seeker.ticket)
            return (one, other)
        }
    }

    /// Takes two out of the queue, and tells them. If one is gone, the other waits on.
    private func match(_ one: Candidate, _ other: Candidate, in queue: String) async {
        async let first = leaves(one, queue)
        async let second = leaves(other, queue)
        switch (await first, await second) {
        case (true, true):
            let table = Self.randomText()
            await tell(one, Match(queue: queue, table: table, opponent: .init(other.seeker)))
            await tell(other, Match(queue: queue, table: table, opponent: .init(one.seeker)))
        case (true, false): await waitOn(one, queue)
        case (false, true): await waitOn(other, queue)
        case (false, false): break
        }
    }

    /// True if it was in the queue until now, and its connection is there.
    private func leaves(_ candidate: Candidate, _ queue: String) async -> Bool {
        (try? await candidate.session.leave(group(of: queue))) ?? false
    }

    private func waitOn(_ candidate: Candidate, _ queue: String) async {
        var seeker = candidate.seeker
        seeker.ticket = Self.randomText()
        // If that fails, the connection is gone as well.
        try? await wait(candidate.session, seeker, in: queue)
    }

    private func tell(_ candidate: Candidate, _ match: Match) async {
        do {
            try await candidate.session.send(topic: "Lobby/OnMatch", body: context.json(match), qos: 1)
        } catch {
            context.logger.debug("a player went just when matched", metadata: ["error": "\(error)"])
        }
    }

    private static func randomText() -> String { String(UInt64.random(in: .min ... .max), radix: 36) }
}

extension Match.Opponent {
    init(_ seeker: Seeker) { self.init(name: seeker.name, rating: seeker.rating) }
}
