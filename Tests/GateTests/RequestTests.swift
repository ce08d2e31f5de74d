import Mqant
import MqantMQTT
import NIOCore
import Testing

@testable import MqantGate

/// Topics, and the order in which a session's requests go to modules.
@Suite struct RequestTests {
    @Test func readsTopicsOfTwoAndThreeLevels() throws {
        var reader = RequestTopicReader()
        for _ in 0..<2 {
            let read = reader.read(ByteBuffer(string: "Chat/Handler_Say/17"))
            let call = try #require(read)
            #expect(call.type == "Chat")
            #expect(call.function == "Handler_Say")
            #expect(call.wantsReply)
            let readCast = reader.read(ByteBuffer(string: "Chat/Handler_Say"))
            let cast = try #require(readCast)
            #expect(cast.function == "Handler_Say")
            #expect(!cast.wantsReply)
        }
        let empty = reader.read(ByteBuffer(string: "Chat/Handler_Say/"))
        #expect(empty?.wantsReply == false)
    }

    @Test(arguments: ["Chat", "Chat/Handler_Say/1/2", "a/b/c/d/e"])
    func refusesOtherTopics(topic: String) {
        var reader = RequestTopicReader()
        let read = reader.read(ByteBuffer(string: topic))
        #expect(read == nil)
    }

    @Test func onlyHandlersAreReachable() {
        var reader = RequestTopicReader()
        for (topic, isReachable) in [("Login/Handler_Login/1", true), ("Login/getRand/1", false), ("//1", false)] {
            let read = reader.read(ByteBuffer(string: topic))
            #expect(read?.isReachable == isReachable, "\(topic)")
        }
    }

    @Test func manyInventedRoutesDoNotGrowTheReader() {
        var reader = RequestTopicReader()
        for index in 0..<10_000 {
            let read = reader.read(ByteBuffer(string: "T\(index)/Handler_X/1"))
            #expect(read?.type == ModuleType("T\(index)"))
        }
    }

    @Test func longRoutesAreNotRemembered() {
        var reader = RequestTopicReader()
        for index in 0..<100 {
            let type = "T\(index)" + String(repeating: "x", count: 60_000)
            let read = reader.read(ByteBuffer(string: type + "/Handler_X/1"))
            #expect(read?.type == ModuleType(type))
        }
        #expect(reader.routes.isEmpty)
    }

    private func request(_ type: ModuleType, wantsReply: Bool = true) -> WaitingRequest {
        WaitingRequest(
            request: RPCRequest(function: "Handler_X", payload: .json(ByteBuffer(string: "[]"))), type: type,
            replyTopic: wantsReply ? try? TopicName("t/h/1") : nil, cost: 100)
    }

    /// A line whose limit is ten and whose window is given, with the types that it let go.
    private struct Line {
        var line = RequestLine()
        var window = 10

        mutating func append(_ request: WaitingRequest) -> Bool {
            guard line.hasRoom(for: request.cost, limit: 10, byteLimit: 1_000_000) else { return false }
            line.append(request)
            return true
        }

        mutating func next() -> ModuleType? { line.next(window: window)?.type }
    }

    @Test func sendsOneTypeAtOnceUpToTheWindow() {
        var line = Line(window: 3)
        let appended = (0..<4).map { _ in line.append(request("Chat")) }
        #expect(appended == [true, true, true, true])
        let sent = (0..<4).map { _ in line.next() }
        #expect(sent == ["Chat", "Chat", "Chat", nil])
        line.line.answered(100)
        let next = line.next()
        #expect(next == "Chat")
        #expect(line.line.outstanding == 3)
    }

    @Test func anotherTypeWaitsForTheAnswers() {
        var line = Line()
        for type: ModuleType in ["Login", "Chat", "Login"] { _ = line.append(request(type)) }
        let first = [line.next(), line.next()]
        line.line.answered(100)
        let second = [line.next(), line.next()]
        line.line.answered(100)
        let third = line.next()
        #expect(first == ["Login", nil])
        #expect(second == ["Chat", nil])
        #expect(third == "Login")
    }

    @Test func castsKeepTheirPlaceAndNobodyWaitsForTheirEnd() {
        var line = Line()
        _ = line.append(request("Chat"))
        _ = line.append(request("Login", wantsReply: false))
        let first = [line.next(), line.next()]
        line.line.answered(100)
        let second = line.next()
        #expect(first == ["Chat", nil])
        #expect(second == "Login")
        #expect(line.line.outstanding == 0)
        #expect(line.line.isIdle, "a cast that runs holds nobody up")
        _ = line.append(request("Chat"))
        let third = line.next()
        #expect(third == "Chat")
    }

    @Test func castsTakeTheirPlaceInTheWindow() {
        var line = Line(window: 2)
        for _ in 0..<4 { _ = line.append(request("Chat", wantsReply: false)) }
        let first = (0..<3).map { _ in line.next() }
        #expect(first == ["Chat", "Chat", nil])
        line.line.castEnded(100)
        let next = [line.next(), line.next()]
        #expect(next == ["Chat", nil])
    }

    @Test func bytesBoundWhatIsNotAnswered() {
        var line = RequestLine()
        #expect(line.hasRoom(for: 5000, limit: 10, byteLimit: 150), "an idle line takes a request of any size")
        line.append(request("Chat"))
        #expect(line.hasRoom(for: 50, limit: 10, byteLimit: 150))
        #expect(!line.hasRoom(for: 51, limit: 10, byteLimit: 150))
        _ = line.next(window: 10)
        #expect(!line.hasRoom(for: 51, limit: 10, byteLimit: 150), "what a module has counts too")
        line.answered(100)
        #expect(line.bytes == 0)
        #expect(line.hasRoom(for: 51, limit: 10, byteLimit: 150))
    }

    @Test func refusesBeyondTheLimit() {
        var line = Line()
        let appended = (0..<11).map { _ in line.append(request("Chat")) }
        #expect(appended.filter { $0 }.count == 10)
        #expect(appended.last == false)
        #expect(line.line.waitingCount == 10)
    }

    @Test func repliesCarryErrorOrResult() {
        func text(_ reply: RPCReply) -> String {
            var buffer = ByteBuffer()
            let reply = ClientReply(reply)
            reply.write(to: &buffer)
            #expect(buffer.readableBytes == reply.size, "its size is written before it")
            return String(buffer: buffer)
        }
        #expect(text(.success(.json(ByteBuffer(string: #"{"a":1}"#)))) == #"{"Error":"","Result":{"a":1}}"#)
        #expect(text(.failure(RPCError(.remote, "no \"such\"\n"))) == #"{"Error":"no \"such\"\n","Result":null}"#)
        #expect(text(.success(.bytes(ByteBuffer(string: "x")))).contains("not JSON"))
    }
}
