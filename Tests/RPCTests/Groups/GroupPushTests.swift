import NIOCore
import Testing

@testable import MqantRPC

@Suite("GroupPush") struct GroupPushTests {
    @Test(arguments: [0, 1, 2])
    func aPushIsReadBackFromItsRequest(_ qos: Int) throws {
        let push = GroupPush(group: "room", topic: "Chat/OnSay", qos: qos, body: ByteBuffer(bytes: [0, 255]))
        #expect(GroupPush.isPush(push.request))
        let back = try #require(GroupPush(push.request))
        #expect(back.group == "room")
        #expect(back.topic == "Chat/OnSay")
        #expect(back.qos == qos)
        #expect(back.body == push.body)
        #expect(back.except == nil)
    }

    @Test func whomAPushLeavesOutIsReadBack() throws {
        let session = SessionID()
        let push = GroupPush(group: "room", topic: "t", qos: 0, body: ByteBuffer(), except: session)
        #expect(GroupPush(push.request)?.except == session)
        // Who leaves out nobody that can be read, leaves out nobody.
        var odd = push.request
        odd.headers["except"] = "me"
        #expect(try #require(GroupPush(odd)).except == nil)
    }

    @Test func whatIsNoPushIsRefused() {
        let good = GroupPush(group: "room", topic: "t", qos: 1, body: ByteBuffer()).request
        #expect(GroupPush(good) != nil)
        for (header, value) in [("group", nil), ("topic", nil), ("qos", "3"), ("qos", "-1"), ("qos", "x")]
            as [(String, String?)]
        {
            var bad = good
            bad.headers[header] = value
            #expect(GroupPush(bad) == nil, "\(header) \(value ?? "missing")")
        }
        var json = good
        json.payload = .json(ByteBuffer())
        #expect(GroupPush(json) == nil)
    }

    /// A module's own function never looks like a push.
    @Test(arguments: ["push", "Push", "Handler_push"])
    func functionsAreNoPushes(_ name: String) {
        var call = RPCRequest(function: name, payload: .json(ByteBuffer(string: "[]")))
        call.correlationID = CorrelationID(rawValue: 1)
        #expect(!GroupPush.isPush(call))
    }
}
