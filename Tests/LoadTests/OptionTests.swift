import ArgumentParser
import Testing

@testable import MqantLoad

@Suite("The command line of the load generator") struct OptionTests {
    private func message(_ arguments: [String]) -> String? {
        do {
            _ = try MqantLoad.parseAsRoot(arguments)
            return nil
        } catch {
            return MqantLoad.message(for: error)
        }
    }

    @Test(arguments: [
        (["calls"], "--topic"), (["calls", "--topic", "a/b", "--connections", "0"], "--connections is 1 to"),
        (["calls", "--topic", "a/b", "--outstanding", "0"], "--outstanding is 1 to 10000"),
        (["calls", "--topic", "a/b", "--rate", "0"], "--rate is 0.1 to"),
        (["calls", "--topic", "a/b", "--rate", "10", "--outstanding", "2"], "without --rate"),
        (["calls", "--topic", "{nobody}"], "no such placeholder"),
        (["calls", "--topic", "a/b", "--qos", "2"], "--qos is 0 to 1"),
        (["calls", "--topic", "a/b", "--duration", "nan"], "--duration is"),
        (["calls", "--topic", "a/b", "--address", "localhost"], "is no HOST:PORT"),
        (["calls", "--topic", "a/b", "--address", "127.0.0.1:0"], "is no HOST:PORT"),
        (["calls", "--topic", "a/b", "--watch", "1,x"], "--watch takes process ids"),
        (["calls", "--topic", "a/b", "--processes", "2"], "--processes is larger than --connections"),
        (["calls", "--topic", "a/b", "--connections", "1000000"], "open files"),
        (["rooms", "--say-payload", "{}"], "needs {text}"), (["rooms", "--speakers", "2"], "--speakers is 1 to 1"),
        (["rooms", "--bytes", "5"], "--bytes is 18 to"), (["rooms", "--rooms", "0"], "--rooms is 1 to"),
        (["rooms", "--stalled", "1"], "--stalled is 0 to 0"), (["idle", "--login-payload", "{x}"], "--login-payload"),
        (["script", "/no/such/file"], "cannot read /no/such/file: No such file"), (["fly"], "fly"),
    ])
    func mistakesAreNamed(arguments: [String], text: String) {
        let message = message(arguments)
        #expect(message?.contains(text) == true, "\(message ?? "no error")")
    }

    @Test func everyKindHasAPlan() throws {
        #expect(message(["calls", "--topic", "a/b", "-n", "4", "--processes", "2", "--ws"]) == nil)
        #expect(message(["rooms", "--connections", "10", "--rooms", "2", "--speakers", "2"]) == nil)
        #expect(message(["rooms", "--plain"]) == nil)
        #expect(message(["idle", "--join"]) == nil)
    }

    @Test func addressesHaveTheDefaultsOfTheDemo() throws {
        for (arguments, address) in [([], "127.0.0.1:3563"), (["--ws"], "127.0.0.1:3653")] {
            let calls = try #require(try MqantLoad.parseAsRoot(["calls", "--topic", "a/b"] + arguments) as? Calls)
            #expect(try calls.plan().pool.addresses.map(\.text) == [address])
        }
    }
}
