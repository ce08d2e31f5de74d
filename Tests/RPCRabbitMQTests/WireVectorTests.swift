import Foundation
import MqantRabbitMQ
import NIOCore
import Testing

@testable import MqantRPC
@testable import MqantRPCRabbitMQ

/// The vectors of docs/wire.md are what the code reads and writes.
@Suite struct WireVectorTests {
    /// A message as the page writes it down.
    private struct Message: Decodable {
        var type: String
        var content_type: String
        var correlation_id: String?
        var reply_to: String?
        var expiration: String?
        var app_id: String?
        var headers: [String: String]
        var body: String

        var properties: BasicProperties {
            var properties = BasicProperties()
            properties.type = type
            properties.contentType = content_type
            properties.correlationID = correlation_id
            properties.replyTo = reply_to
            properties.expiration = expiration
            properties.appID = app_id
            properties.headers = FieldTable(
                entries: headers.sorted { $0.key < $1.key }.map { .init(key: $0.key, value: .string($0.value)) })
            return properties
        }
    }

    private static func vector(_ name: String) throws -> String {
        let page = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../docs/wire.md")
        let lines = try String(contentsOf: page, encoding: .utf8).split(
            separator: "\n", omittingEmptySubsequences: false)
        let start = try #require(lines.firstIndex { $0.hasPrefix("```") && $0.hasSuffix(" vector \(name)") })
        return lines[(start + 1)...].prefix { !$0.hasPrefix("```") }.joined(separator: "\n")
    }

    private func message(_ name: String) throws -> Message {
        try JSONDecoder().decode(Message.self, from: Data(Self.vector(name).utf8))
    }

    private func envelope(_ name: String) throws -> WireEnvelope {
        let message = try message(name)
        return try #require(WireEnvelope(message.properties, body: ByteBuffer(string: message.body)))
    }

    private let now = NIODeadline.uptimeNanoseconds(5_000_000_000)

    @Test func request() throws {
        var sessions = SessionText()
        let envelope = try envelope("request")
        let request = envelope.request(now: now, &sessions)
        let read = try #require(request)
        #expect(read.function == "getRand")
        #expect(read.payload == .json(ByteBuffer(string: #"["abc"]"#)))
        #expect(read.correlationID == CorrelationID(rawValue: 42))
        #expect(read.replyTo == "replies.n1.k1")
        #expect(read.deadline == now + .seconds(10))
        #expect(read.session == nil)

        let written = WireEnvelope(read, replyQueue: "replies.n1.k1", node: "n1", now: now)
        #expect(written.properties == (try message("request").properties))
        #expect(String(buffer: written.body) == (try message("request").body))
    }

    @Test func owner() throws {
        struct Owners: Decodable {
            var instances: [InstanceID]
            var owners: [String: InstanceID]
            var weights: [String: [String]]
        }
        let vector = try JSONDecoder().decode(Owners.self, from: Data(Self.vector("owner").utf8))
        #expect(vector.owners.count == 4)
        for (key, owner) in vector.owners {
            #expect(RendezvousHash.owner(of: key, among: vector.instances) == owner, "\(key)")
        }
        for (key, weights) in vector.weights {
            let own = vector.instances.map { RendezvousHash.weight($0, key) }
            #expect(own == weights.map { UInt64($0, radix: 16) })
        }
    }

    @Test func status() throws {
        let text = try Self.vector("status")
        let status = try JSONDecoder().decode(InstanceStatus.self, from: Data(text.utf8))
        #expect(status.gauges == ["refused": 0, "sessions": 3, "stalled": 0])
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        #expect(String(decoding: try encoder.encode(status), as: UTF8.self) == text)
    }

    @Test func replyAndError() throws {
        let (reply, id) = try #require(try envelope("reply").reply())
        #expect(reply == .success(.json(ByteBuffer(string: #""k8s2""#))))
        #expect(id == CorrelationID(rawValue: 42))
        let written = WireEnvelope(reply, to: id, at: "replies.n1.k1", from: Responder("10.77.0.12:Login"))
        #expect(written.properties == (try message("reply").properties))

        let (error, errorID) = try #require(try envelope("error").reply())
        #expect(error == .failure(RPCError(.remote, "Not Logined")))
        let writtenError = WireEnvelope(error, to: errorID, at: "replies.n1.k1", from: Responder("10.77.0.12:Login"))
        #expect(writtenError.properties == (try message("error").properties))
        #expect(String(buffer: writtenError.body) == (try message("error").body))
    }

    @Test func replyWithLoad() throws {
        let envelope = try envelope("reply-load")
        let (reply, id) = try #require(envelope.reply())
        let responder = Responder("10.77.0.12:Login", load: InstanceLoad(calls: 3, isFull: true))
        #expect(envelope.responder == responder)
        let written = WireEnvelope(reply, to: id, at: "replies.n1.k1", from: responder)
        #expect(written.headers.sorted { $0.name < $1.name } == envelope.headers)
        #expect(try self.envelope("reply").responder == Responder("10.77.0.12:Login"))
        var strange = envelope
        strange.headers = [WireEnvelope.Header(name: "load", value: "-3")]
        #expect(strange.responder?.load == InstanceLoad())
        strange.headers = [WireEnvelope.Header(name: "load", value: "many")]
        #expect(strange.responder?.load == nil)
    }

    @Test func onlyWithdrawnIsSafeToResend() throws {
        let withdrawn = WireEnvelope(.failure(.withdrawn), to: CorrelationID(rawValue: 1), at: "q", from: nil)
        #expect(withdrawn.header("error-code") == "withdrawn")
        for code in RPCError.Code.known {
            let error = RPCError(code, "text", outcome: .answered)
            let wire = WireEnvelope(.failure(error), to: CorrelationID(rawValue: 1), at: "q", from: nil)
            #expect(wire.header("error-code") == code.rawValue)
            let (read, _) = try #require(wire.reply())
            #expect(read == .failure(error))
        }
        guard case (.failure(let read), _)? = withdrawn.reply() else {
            Issue.record("not an error")
            return
        }
        #expect(read.isSafeToResend)
    }

    @Test(arguments: [
        ("no-money", RPCError.Code(rawValue: "no-money")), ("\u{1b}[2J", .remote), ("", .remote), ("Remote", .remote),
    ])
    func kindsOfOthersArrive(text: String, code: RPCError.Code) throws {
        var wire = WireEnvelope(
            .failure(RPCError(.remote, "text")), to: CorrelationID(rawValue: 1), at: "q", from: nil)
        wire.headers = [WireEnvelope.Header(name: "error-code", value: text)]
        let (read, _) = try #require(wire.reply())
        #expect(read == .failure(RPCError(code, "text", outcome: .answered)))
    }

    /// Whether a request stands on the wire as the page has it, and is read back as it was.
    private func check(_ request: RPCRequest, is vector: String) throws -> RPCRequest {
        let message = try message(vector)
        #expect(request.function == message.properties.type)
        #expect(request.headers == message.headers)
        #expect(String(buffer: request.payload.buffer) == message.body)
        let written = WireEnvelope(request, replyQueue: "replies", node: "n", now: now)
        #expect(written.properties.contentType == message.properties.contentType)
        var sessions = SessionText()
        return try #require(try envelope(vector).request(now: now, &sessions))
    }

    @Test func pushes() throws {
        let session = try #require(SessionID("00112233445566778899aabbccddeeff"))
        for (vector, except) in [("push", nil), ("push-except", session)] {
            let push = GroupPush(
                group: "@Chat/lobby", topic: "Chat/OnSay", qos: 0, body: ByteBuffer(string: "hi"), except: except)
            #expect(GroupPush(try check(push.request, is: vector)) == push)
        }
    }

    @Test func deliveries() throws {
        let push = GroupPush(group: "@Chat/lobby", topic: "Chat/OnSay", qos: 0, body: ByteBuffer(string: "hi"))
        let owner = IncarnationID("10.77.0.12:Chat", on: "n2", life: 1)
        let read = try #require(
            GroupDelivery(try check(GroupDelivery(push, from: owner, number: 17).request, is: "deliver")))
        #expect(read.push == push)
        #expect(read.owner == owner)
        #expect(read.number == 17)
    }

    @Test func subscriptions() throws {
        let gate = IncarnationID("10.77.0.11:Gate", on: "n1", life: 1)
        let address = QueueAddress("calls.10.77.0.11:Gate.k3-1", generation: 3)
        let message = SubscriptionMessage.view(OwnershipView(["10.77.0.13:Chat", "10.77.0.12:Chat"]), received: 0)
        let request = try #require(SubscriptionRequest(message, number: 5, from: gate, at: address).request)
        let read = try #require(SubscriptionRequest(try check(request, is: "subscriptions")))
        #expect(read.messages == [message])
        #expect(read.number == 5)
        #expect(read.sender == gate)
        #expect(read.address == address)
    }

    @Test func answersToSubscriptions() throws {
        let owner = IncarnationID("10.77.0.12:Chat", on: "n2", life: 1)
        let request = SubscriptionAnswer(from: owner, number: 5).request
        let read = try #require(SubscriptionAnswer(try check(request, is: "subscribed")))
        #expect(read.owner == owner)
        #expect(read.number == 5)
    }

    private static let ada = SessionID("00112233445566778899aabbccddeeff")

    @Test func aLogin() throws {
        let gate = IncarnationID("10.77.0.11:Gate", on: "n1", life: 1)
        let address = QueueAddress("calls.10.77.0.11:Gate.k3-1", generation: 3)
        let claim = UserClaim(session: try #require(Self.ada), counter: 1_795_700_000_000)
        let message = SubscriptionMessage.bind([UserBinding(claim, of: "user.ada", ask: .kick)])
        let request = try #require(SubscriptionRequest(message, number: 6, from: gate, at: address).request)
        let read = try #require(SubscriptionRequest(try check(request, is: "subscriptions-bind")))
        #expect(read.messages == [message])
        #expect(read.isAnswered)
    }

    @Test func verdicts() throws {
        let owner = IncarnationID("10.77.0.12:Gate", on: "n2", life: 1)
        let (ada, older) = (try #require(Self.ada), try #require(SessionID("ffeeddccbbaa99887766554433221100")))
        let claim = UserClaim(session: ada, counter: 1_795_700_000_000)
        let verdicts = [
            UserVerdict(.accepted(claim), of: ada, in: "user.ada"),
            UserVerdict(.superseded(by: claim), of: older, in: "user.ada"),
        ]
        let request = SubscriptionAnswer(from: owner, number: 6, verdicts: verdicts).request
        let read = try #require(SubscriptionAnswer(try check(request, is: "subscribed-verdicts")))
        #expect(read.verdicts == verdicts)
        #expect(read.number == 6)
    }

    @Test func session() throws {
        let text = try Self.vector("session")
        var sessions = SessionText()
        let decoded = sessions.decode(text)
        let box = try #require(decoded)
        #expect(box.state.userID == "zoe")
        #expect(box.state.gate == "10.77.0.11:Gate")
        #expect(box.state.groups == ["room"])
        #expect(box.state.version == 3)
        #expect(SessionText.encode(box.state) == text)
    }

    @Test func announcements() throws {
        let text = try Self.vector("announcement")
        let wire = try #require(WireAnnouncement(ByteBuffer(string: text)))
        let instance = try #require(wire.announcement.instances.first)
        #expect(instance.id == "10.77.0.12:Chat")
        #expect(instance.idempotent == ["members"])
        #expect(wire.version == 2)
        #expect(wire.announcement.replies == "replies.n2.k3")
        #expect(wire.announcement.isProbing && wire.announcement.readsBatches)
        let written = WireAnnouncement(wire.announcement, replies: "replies.n2.k3").encoded
        #expect(written.map { String(buffer: $0) } == text)

        let least = try #require(WireAnnouncement(ByteBuffer(string: try Self.vector("announcement-least"))))
        #expect(least.announcement.instances.map(\.type) == ["Dice"])
        #expect(!least.announcement.isProbing && !least.announcement.readsBatches)
        #expect(least.announcement.replies == nil && least.version == 2)
        for bad in [
            "", "{}", "[]", #"{"node":"","sequence":1,"instances":[]}"#, #"{"node":"a","sequence":-1,"instances":[]}"#,
        ] {
            #expect(WireAnnouncement(ByteBuffer(string: bad)) == nil)
        }
    }

    @Test func announcementsOfOthers() throws {
        let text = try Self.vector("announcement-others")
        let wire = try #require(WireAnnouncement(ByteBuffer(string: text)))
        let others = wire.announcement.others
        #expect(others.map(\.node) == ["n3", "n4"])
        #expect(others.map(\.isUnreachable) == [false, true])
        #expect(others.map(\.replies) == ["replies.n3.a", nil])
        #expect(others.map(\.isProbing) == [true, false] && others.map(\.readsBatches) == [true, false])
        #expect(others.first?.instances.map(\.id) == ["10.77.0.13:Gate"])
        let written = WireAnnouncement(wire.announcement, replies: "replies.n2.k3").encoded
        #expect(written.map { String(buffer: $0) } == text)

        let odd = #"{"instances":[],"node":"","sequence":1,"version":2}"#
        let old = #"{"instances":[],"node":"o","sequence":1}"#
        let good = #"{"instances":[],"node":"g","others":[\#(old)],"sequence":1,"version":2}"#
        let mixed = #"{"instances":[],"node":"n","others":[\#(odd),\#(old),\#(good)],"sequence":1,"version":2}"#
        let read = try #require(WireAnnouncement(ByteBuffer(string: mixed)))
        #expect(read.announcement.others.map(\.node) == ["g"])
        #expect(read.announcement.others.first?.others.isEmpty == true)
    }

    @Test func unreachable() throws {
        let text = try Self.vector("unreachable")
        let wire = try #require(WireClaim(ByteBuffer(string: text)))
        #expect(wire.claim == MembershipTable.Claim(node: "n2", sequence: 7))
        #expect(WireClaim(wire.claim).encoded.map { String(buffer: $0) } == text)
        for bad in ["", "{}", "[]", #"{"node":"n2"}"#, #"{"node":"n2","sequence":-1}"#] {
            #expect(WireClaim(ByteBuffer(string: bad)) == nil)
        }
    }

    @Test func gone() throws {
        let text = try Self.vector("gone")
        let gone = try #require(WireGone(ByteBuffer(string: text)))
        #expect(gone == WireGone(node: "n2", queues: ["calls.10.77.0.12:Chat.k3-1", "replies.n2.k3"]))
        #expect(gone.encoded.map { String(buffer: $0) } == text)
        for bad in ["", "{}", "[]", #"{"node":"n2"}"#, #"{"node":"n2","queues":[]}"#, #"{"node":1,"queues":["q"]}"#] {
            #expect(WireGone(ByteBuffer(string: bad)) == nil)
        }
    }

    @Test func batch() throws {
        let digits = try Self.vector("batch").filter(\.isHexDigit)
        let bytes = stride(from: 0, to: digits.count, by: 2).compactMap { index -> UInt8? in
            let start = digits.index(digits.startIndex, offsetBy: index)
            return UInt8(digits[start..<digits.index(start, offsetBy: 2)], radix: 16)
        }
        let expected = [try envelope("request"), try envelope("error")]
        var written = ByteBuffer()
        for envelope in expected { Batch.append(envelope, isAppIDCommon: false, to: &written) }
        #expect(written == ByteBuffer(bytes: bytes))
        var buffer = ByteBuffer(bytes: bytes)
        let read = [Batch.next(in: &buffer, appID: nil), Batch.next(in: &buffer, appID: nil)]
        #expect(read == expected)
        #expect(buffer.readableBytes == 0)
    }
}
