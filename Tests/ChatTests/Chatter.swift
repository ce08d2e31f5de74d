import MqantTesting

/// A client in a chat room.
struct Chatter {
    /// What the members of a room are told.
    struct Event: Codable, Hashable, Sendable {
        var roomName: String
        var userName: String
        var say: String?
    }

    let client: TestClient

    init(_ name: String, _ server: TestServer) async throws { client = try await server.client(user: name) }

    func join(_ room: String) async throws -> String {
        try await client.request("Chat/Handler_JoinChat", ["roomName": room])
    }

    func say(_ text: String, in room: String, repeats: Bool = false) async throws -> String {
        try await client.request("Chat/Handler_Say", ["roomName": room, "say": text], repeats: repeats)
    }

    func leave(_ room: String) async throws -> String {
        try await client.request("Chat/Handler_LeaveChat", ["roomName": room])
    }

    func members(of room: String, repeats: Bool = false) async throws -> [String] {
        try await client.request("Chat/Handler_Members", ["roomName": room], repeats: repeats)
    }

    /// The next event on a topic of Chat's.
    func next(_ topic: String) async throws -> Event { try await client.nextPush(on: "Chat/\(topic)").decode() }

    /// Joins although the process that would let it in may die in the middle.
    func joinInSpiteOfFaults(_ room: String) async throws {
        do {
            let _: String = try await client.request("Chat/Handler_JoinChat", ["roomName": room], repeats: true)
        } catch let refusal as TestClient.Refusal where refusal.message == "Already in this chat room" {
            // The answer to the first try was lost.
        }
    }
}
