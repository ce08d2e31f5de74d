import NIOCore
import Testing

@testable import RPC

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
