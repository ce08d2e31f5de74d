import MqantTesting
import Synchronization

/// A module with one of everything that a test drives: requests, pushes, groups, memory.
struct Table: Module {
    static let type: ModuleType = "Table"

    struct Settings: ModuleSettings {
        var seats: Int
        init(reading settings: inout SettingsReader) { seats = settings.int("Seats", in: 1...100, default: 4) }
    }

    struct Sit: Codable, Sendable {
        var table: String
    }

    private let seats: Int
    private let context: ModuleContext
    private let seating = Seating()

    static func route(_ request: ClientRequest) -> Endpoint {
        request.string("table").map { .keyed(type, key: $0) } ?? .any(type)
    }

    init(settings: Settings, context: ModuleContext) {
        seats = settings.seats
        self.context = context
    }

    func register(on server: RPCServer) throws {
        try server.register("Handler_Sit") { (session: Session, request: Sit) in try await sit(session, request.table) }
        try server.register("Handler_Shout") { (session: Session, text: String) in
            let body = try context.json(text)
            for group in session.groups { context.push(to: group, topic: "Table/OnShout", body: body) }
        }
        try server.register("Handler_WhoAmI") { (session: Session) in session.userID }
        try server.register("secret") { () in "for modules only" }
    }

    private func sit(_ session: Session, _ table: String) async throws -> String {
        guard !session.isGuest else { throw HandlerError("log in first") }
        guard seating.take(at: table, of: seats) else { throw HandlerError("the table is full") }
        let group = Self.group(of: table)
        try await session.join(group)
        context.push(to: group, topic: "Table/OnSit", body: try context.json(session.userID))
        return "\(context.instance)"
    }

    /// Says each minute that one has passed.
    func run() async throws {
        try await context.every(.seconds(60)) { pace in
            for table in seating.tables {
                context.push(
                    to: Self.group(of: table), topic: "Table/OnMinute", body: try context.json(pace.runs - 1))
            }
        }
    }

    private static func group(of table: String) -> GroupName { .owned(by: type, key: table) }
}

/// Who sits where, in the memory of one instance.
private final class Seating: Sendable {
    private let taken = Mutex<[String: Int]>([:])

    var tables: [String] { taken.withLock { $0.keys.sorted() } }

    func take(at table: String, of seats: Int) -> Bool {
        taken.withLock { taken in
            guard taken[table, default: 0] < seats else { return false }
            taken[table, default: 0] += 1
            return true
        }
    }
}
