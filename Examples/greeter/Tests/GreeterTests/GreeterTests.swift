import Greeter
import MqantTesting
import Testing

@Suite(.timeLimit(.minutes(5))) struct GreeterTests {
    @Test(arguments: TestTransport.allCases)
    func aClientGetsAReplyAndAPush(over transport: TestTransport) async throws {
        try await Server.test(Greeter.self, settings: #"{ "Word": "Salut" }"#, over: transport) { server in
            let ada = try await server.client(user: "Ada")
            let reply: String = try await ada.request("Greeter/Handler_Greet", ["name": "Ada"])
            #expect(reply == "Salut, Ada!")
            let push = try await ada.nextPush()
            #expect(push.topic == "Greeter/OnGreet")
            #expect(try push.decode(String.self) == "Salut, Ada!")
        }
    }

    @Test func aGreetingWithoutANameIsRefused() async throws {
        try await Server.test(Greeter.self) { server in
            let guest = try await server.client()
            await #expect(throws: TestClient.Refusal(message: "Handler_Greet: name is missing")) {
                try await guest.request("Greeter/Handler_Greet", ["nom": "Ada"])
            }
        }
    }

    @Test func wrongSettingsAreToldWithTheirPlace() async throws {
        let error = await #expect(throws: ConfigurationError.self) {
            try await Server.test(Greeter.self, settings: #"{ "Wort": "Hallo" }"#) { _ in }
        }
        #expect(error?.faults.first?.message == "is not a known key; did you mean Word?")
    }

    /// Whatever dies: who is answered was greeted.
    @Test(.faults(seeds: 1...10)) func everyAnswerHasItsPush() async throws {
        try await Server.test(Greeter.self) { server in
            let ada = try await server.client(user: "Ada")
            for number in 1...20 {
                let reply: String = try await ada.request(
                    "Greeter/Handler_Greet", ["name": "Ada \(number)"], repeats: true)
                var push = try await ada.nextPush().decode(String.self)
                // A request whose answer was lost was sent again.
                while push != reply { push = try await ada.nextPush().decode(String.self) }
            }
        }
    }
}
