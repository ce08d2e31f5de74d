import MqantChat
import MqantLogin
import MqantTesting
import Testing

/// The demo's Chat, as clients see it.
@Suite(.timeLimit(.minutes(5))) struct ChatTests {
    @Test(arguments: TestTransport.allCases)
    func membersHearOfEachOther(over transport: TestTransport) async throws {
        try await Server.test(Chat.self, others: [Login.self], over: transport) { server in
            let (ada, bob) = (try await Chatter("Ada", server), try await Chatter("Bob", server))
            #expect(try await ada.join("7") == "join success")
            #expect(try await bob.join("7") == "join success")
            #expect(try await ada.next("OnJoin") == Chatter.Event(roomName: "7", userName: "Ada"))
            for member in [ada, bob] {
                #expect(try await member.next("OnJoin") == Chatter.Event(roomName: "7", userName: "Bob"))
            }
            #expect(try await bob.say("hello", in: "7") == "say success")
            for member in [ada, bob] {
                #expect(try await member.next("OnSay") == Chatter.Event(roomName: "7", userName: "Bob", say: "hello"))
            }
            #expect(try await ada.members(of: "7") == ["Ada", "Bob"])
            #expect(try await ada.leave("7") == "leave success")
            #expect(try await bob.next("OnLeave") == Chatter.Event(roomName: "7", userName: "Ada"))
            #expect(try await bob.members(of: "7") == ["Bob"])
        }
    }

    @Test func theEndOfAConnectionIsTold() async throws {
        try await Server.test(Chat.self, others: [Login.self]) { server in
            let (ada, bob) = (try await Chatter("Ada", server), try await Chatter("Bob", server))
            _ = try await ada.join("7")
            _ = try await bob.join("7")
            await ada.client.close()
            #expect(try await bob.next("OnLeave") == Chatter.Event(roomName: "7", userName: "Ada"))
        }
    }

    /// The text that a request is refused with; nil if it is not.
    private func refusal(_ client: TestClient, _ function: String, _ payload: [String: String]) async throws -> String?
    {
        do {
            try await client.request("Chat/\(function)", payload)
            return nil
        } catch let refusal as TestClient.Refusal {
            return refusal.message
        }
    }

    @Test func errorsAreThoseOfTheDemo() async throws {
        try await Server.test(Chat.self, others: [Login.self]) { server in
            let (guest, ada) = (try await server.client(), try await server.client(user: "Ada"))
            let say = ["roomName": "7", "say": "x"]
            #expect(try await refusal(guest, "Handler_Say", say) == "Not Logined")
            #expect(try await refusal(ada, "Handler_JoinChat", ["room": "7"]) == "roomName cannot be nil")
            #expect(try await refusal(ada, "Handler_Say", ["roomName": "7"]) == "roomName or say cannot be nil")
            #expect(try await refusal(ada, "Handler_Say", say) == "No room")
            #expect(try await refusal(ada, "Handler_JoinChat", ["roomName": "7"]) == nil)
            #expect(try await refusal(ada, "Handler_JoinChat", ["roomName": "7"]) == "Already in this chat room")
            let bob = try await server.client(user: "Bob")
            #expect(try await refusal(bob, "Handler_Say", say) == "You haven't been in the room yet")
            let long = ["roomName": String(repeating: "r", count: 129)]
            #expect(try await refusal(bob, "Handler_JoinChat", long) == "roomName is longer than 128 bytes")
        }
    }

    @Test func roomsGoOnWhenTheirChatComesAndGoes() async throws {
        try await Server.test(Chat.self, others: [Login.self]) { server in
            let (ada, bob) = (try await Chatter("Ada", server), try await Chatter("Bob", server))
            let second = try await server.start(Chat.self, id: "chat-2")
            let rooms = (0..<1000).lazy.map { "\($0)" }
            let room = try #require(rooms.first { server.owner(of: $0, Chat.type) == "chat-2" })
            _ = try await ada.join(room)
            _ = try await bob.join(room)
            await second.kill()
            // The room is where the connections are: another Chat has it at once.
            #expect(try await ada.members(of: room) == ["Ada", "Bob"])
            #expect(try await bob.say("still here", in: room) == "say success")
            #expect(try await ada.next("OnSay").say == "still here")
            let third = try await server.start(Chat.self, id: "chat-2")
            #expect(try await ada.members(of: room) == ["Ada", "Bob"])
            try await third.stop()
            #expect(try await bob.leave(room) == "leave success")
            #expect(try await ada.next("OnLeave").userName == "Bob")
        }
    }

    /// Whatever dies: what was answered was seen by all, once; all see one order; and nobody is lost from the room.
    @Test(.faults(seeds: 1...25)) func everySayIsSeenOnceInOneOrder() async throws {
        try await Server.test(Chat.self, others: [Login.self]) { server in
            try await server.start(Chat.self, id: "chat-2")
            let (ada, bob) = (try await Chatter("Ada", server), try await Chatter("Bob", server))
            for member in [ada, bob] { try await member.joinInSpiteOfFaults("7") }
            var answered: Set<String> = []
            for number in 0..<40 {
                let speaker = number % 2 == 0 ? ada : bob
                do {
                    _ = try await speaker.say("\(number)", in: "7")
                    answered.insert("\(number)")
                } catch let refusal as TestClient.Refusal {
                    // Perhaps it was said: not again then.
                    try #require(refusal.isOutage, "\(refusal)")
                }
            }
            try await server.recover()
            _ = try await ada.say("end", in: "7")
            var seen: [[String]] = []
            for member in [ada, bob] {
                var texts: [String] = []
                while texts.last != "end" { texts.append(try await member.next("OnSay").say ?? "") }
                seen.append(texts)
                #expect(Set(texts).count == texts.count, "said twice")
                #expect(answered.subtracting(texts).isEmpty, "answered, and not seen")
                #expect(try await member.members(of: "7") == ["Ada", "Bob"])
            }
            #expect(seen[0] == seen[1], "two orders")
        }
    }
}
