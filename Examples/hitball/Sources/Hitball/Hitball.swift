public import Mqant

/// Hitball: tables at which two play and anybody watches. Clients say where they want their paddles; the table's owner plays.
///
/// A table lives at the instance that owns its name, in memory: it is as old as its visitors' connections, and does not move when
/// the owner goes.
public struct Hitball: Module {
    /// Its name in `server.conf` and in clients' topics.
    public static let type: ModuleType = "Hitball"

    /// `"Settings": { "Points": 5, "MaxTables": 100 }`.
    public struct Settings: ModuleSettings {
        var points: Int
        var maximumTables: Int

        /// Reads them.
        public init(reading settings: inout SettingsReader) {
            points = settings.int("Points", in: 1...99, default: 5)
            maximumTables = settings.int("MaxTables", in: 1...100_000, default: 100)
        }
    }

    /// The time from one state to the next.
    private static let interval = Duration.milliseconds(50)

    private let context: ModuleContext
    private let tables: Tables
    private let roster: Roster

    /// The roster hears of connections that end.
    public var components: [any ModuleComponent] { [roster] }

    /// Keyed by table: all that happens at a table happens in one place.
    public static func route(_ request: ClientRequest) -> Endpoint {
        request.string("table").map { .keyed(type, key: $0.nfc) } ?? .any(type)
    }

    /// Makes an instance without a table.
    public init(settings: Settings, context: ModuleContext) {
        self.context = context
        let tables = Tables(maximum: settings.maximumTables, pointsToWin: settings.points)
        self.tables = tables
        // Whatever ended the connection. A Gate that was taken for gone and is back (`.returned`) has its clients ask again by
        // themselves: they are told nothing meanwhile.
        roster = Roster(context: context) { event in
            guard event.kind == .ended else { return }
            tables.change(event.key) { $0.end(ticket: event.name) }
        }
    }

    /// Says what clients may call.
    public func register(on server: RPCServer) throws {
        try server.register("Handler_Sit") { (session: Session, request: SitRequest) in
            try await sit(session, request)
        }
        try server.register("Handler_Watch") { (session: Session, request: TableRequest) in
            try await watch(session, request)
        }
        // A lock for microseconds.
        try server.register("Handler_Move", options: .perSession.nonblocking) {
            (session: Session, request: MoveRequest) in
            tables.change(request.table.nfc) { $0.move(session.id, to: request.y) }
        }
        try server.register("Handler_Leave") { (session: Session, request: TableRequest) in
            try await leave(session, request)
        }
        try server.report("tables") { tables.count }
    }

    /// Plays at all tables, and says how they stand.
    public func run() async throws {
        try await context.every(Self.interval) { pace in
            // The owner of a key changes when instances come and go.
            if pace.runs.isMultiple(of: 20) { tables.keep { context.owns($0) } }
            for (group, state) in tables.advance(by: Self.interval / .seconds(1)) {
                context.push(to: group, topic: "Hitball/OnState", body: try context.json(state))
            }
        }
    }

    private func sit(_ session: Session, _ request: SitRequest) async throws -> SeatReply? {
        let table = try TableName(validating: request.table)
        let name = request.name.nfc
        guard !name.isEmpty, name.utf8.count <= TableName.maximumByteCount else { throw HitballError.wrongName }
        let visit = try tables.visit(table) { table throws(Table.Refusal) in try table.sit(session.id, name) }
        try await join(session, table, visit)
        return visit.side.map(SeatReply.init)
    }

    private func watch(_ session: Session, _ request: TableRequest) async throws {
        let table = try TableName(validating: request.table)
        let visit = try tables.visit(table) { table throws(Table.Refusal) in table.watch(session.id) }
        try await join(session, table, visit)
    }

    /// Has the session told how the table stands. The visit stands in the table by now: so its end, which may come at once, is
    /// not missed.
    private func join(_ session: Session, _ table: TableName, _ visit: Visit) async throws {
        do {
            let presence = Presence(type: Self.type, key: table.text, name: visit.ticket)
            // A member from an earlier visit is one under that one's ticket.
            if session.groups.contains(table.group) { try await session.leave(table.group) }
            try await session.join(table.group, presence: presence)
        } catch {
            tables.change(table.text) { $0.end(ticket: visit.ticket) }
            throw error
        }
    }

    private func leave(_ session: Session, _ request: TableRequest) async throws {
        let table = try TableName(validating: request.table)
        tables.change(table.text) { $0.leave(session.id) }
        try await session.leave(table.group)
    }
}
