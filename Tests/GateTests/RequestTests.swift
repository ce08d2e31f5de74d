import Mqant
import NIOCore
import Testing

@testable import Gate

/// Topics, and the order in which a session's requests go to modules.
@Suite struct RequestTests {
    @Test func readsTopicsOfTwoAndThreeLevels() throws {
        var reader = RequestTopicReader()
        for _ in 0..<2 {
            let call = try #require(reader.read(ByteBuffer(string: "Chat/Handler_Say/17")))
            #expect(call.type == "Chat")
            #expect(call.function == "Handler_Say")
            #expect(call.wantsReply)
            let cast = try #require(reader.read(ByteBuffer(string: "Chat/Handler_Say")))
            #expect(cast.function == "Handler_Say")
            #expect(!cast.wantsReply)
        }
        #expect(reader.read(ByteBuffer(string: "Chat/Handler_Say/"))?.wantsReply == false)
    }

    @Test(arguments: ["Chat", "Chat/Handler_Say/1/2", "a/b/c/d/e"])
    func refusesOtherTopics(topic: String) {
        var reader = RequestTopicReader()
        #expect(reader.read(ByteBuffer(string: topic)) == nil)
    }

    @Test func onlyHandlersAreReachable() {
        var reader = RequestTopicReader()
        #expect(reader.read(ByteBuffer(string: "Login/Handler_Login/1"))?.isReachable == true)
        #expect(reader.read(ByteBuffer(string: "Login/getRand/1"))?.isReachable == false)
        #expect(reader.read(ByteBuffer(string: "//1"))?.isReachable == false)
    }

    @Test func manyInventedRoutesDoNotGrowTheReader() {
        var reader = RequestTopicReader()
        for index in 0..<10_000 {
            #expect(reader.read(ByteBuffer(string: "T\(index)/Handler_X/1"))?.type == ModuleType("T\(index)"))
        }
    }

    private func request(_ type: ModuleType, wantsReply: Bool = true) -> WaitingRequest {
        WaitingRequest(
            request: RPCRequest(function: "Handler_X", payload: .json(ByteBuffer(string: "[]"))), type: type,
            replyTopic: wantsReply ? ByteBuffer(string: "t/h/1") : nil)
    }

    @Test func sendsOneTypeAtOnceUpToTheWindow() {
        var line = RequestLine()
        for _ in 0..<4 { #expect(line.append(request("Chat"), limit: 10)) }
        #expect(line.next(window: 3) != nil)
        #expect(line.next(window: 3) != nil)
        #expect(line.next(window: 3) != nil)
        #expect(line.next(window: 3) == nil)
        line.answered()
        #expect(line.next(window: 3) != nil)
        #expect(line.outstanding == 3)
    }

    @Test func anotherTypeWaitsForTheAnswers() {
        var line = RequestLine()
        #expect(line.append(request("Login"), limit: 10))
        #expect(line.append(request("Chat"), limit: 10))
        #expect(line.append(request("Login"), limit: 10))
        #expect(line.next(window: 10)?.type == "Login")
        #expect(line.next(window: 10) == nil)
        line.answered()
        #expect(line.next(window: 10)?.type == "Chat")
        #expect(line.next(window: 10) == nil)
        line.answered()
        #expect(line.next(window: 10)?.type == "Login")
    }

    @Test func castsCountForNothingAndKeepTheirPlace() {
        var line = RequestLine()
        #expect(line.append(request("Chat"), limit: 10))
        #expect(line.append(request("Login", wantsReply: false), limit: 10))
        #expect(line.next(window: 10)?.type == "Chat")
        #expect(line.next(window: 10) == nil)
        line.answered()
        #expect(line.next(window: 10)?.type == "Login")
        #expect(line.outstanding == 0)
    }

    @Test func refusesBeyondTheLimit() {
        var line = RequestLine()
        for _ in 0..<5 { #expect(line.append(request("Chat"), limit: 5)) }
        #expect(!line.append(request("Chat"), limit: 5))
        #expect(line.waitingCount == 5)
    }

    @Test func repliesCarryErrorOrResult() {
        func text(_ reply: RPCReply) -> String { String(buffer: ClientReply.payload(of: reply)) }
        #expect(text(.success(.json(ByteBuffer(string: #"{"a":1}"#)))) == #"{"Error":"","Result":{"a":1}}"#)
        #expect(text(.failure(RPCError(.remote, "no \"such\"\n"))) == #"{"Error":"no \"such\"\n","Result":null}"#)
        #expect(text(.success(.bytes(ByteBuffer(string: "x")))).contains("not JSON"))
    }
}
