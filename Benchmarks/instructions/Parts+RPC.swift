import Logging
import NIOCore
import NIOPosix

@testable import MqantRPC

extension Parts {
    static let rpc = [
        Part(name: "rpc: admit and end a job of a session") { times in
            var lanes = Lanes<Int>(maxRunning: 1000, maxWaiting: 1000)
            let sessions = (0..<64).map { _ in LaneID.session(SessionID()) }
            for number in 0..<times {
                take(lanes.admit(number, to: sessions[number % 64]))
                take(lanes.finish(sessions[number % 64]))
            }
        },
        Part(name: "rpc: add and remove a call") { times in
            var table = CallTable<Int>(now: .uptimeNanoseconds(1 << 40))
            let deadline = NIODeadline.uptimeNanoseconds(1 << 40) + .seconds(10)
            for number in 0..<times { take(table.remove(table.insert(number, deadline: deadline))) }
        },
        Part(name: "rpc: route to any of one") { times in
            let view = view(instances: 1)
            for _ in 0..<times { take(try view.route(.any("Chat")) { _ in false }) }
        },
        Part(name: "rpc: route by a key among four") { times in
            let view = view(instances: 4)
            for _ in 0..<times { take(try view.route(.keyed("Chat", key: "room17")) { _ in false }) }
        },
        Part(name: "rpc: call a function of the same process") { times in
            let logger = Logger(label: "instructions")
            let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
            let node = RPCNode(
                id: "n", transport: InProcessTransport(node: "n", hub: InProcessHub()), eventLoop: eventLoop,
                logger: logger)
            let server = RPCServer(type: "Chat", instance: "n:Chat", node: node, logger: logger)
            try server.register("Handler_Say", options: .perSession.nonblocking) { (text: String) in text }
            let start = eventLoop.makeFutureWithTask {
                try await node.start()
                try await node.serve(server)
            }
            try start.wait()
            var request = RPCRequest(function: "Handler_Say", payload: try ArgumentCoding.encode(arguments: "hello"))
            request.session = SessionState(id: SessionID(), gate: "n:Gate")
            for _ in 0..<times { node.call(.any("Chat"), request) { take($0) } }
        },
    ]

    private static func view(instances: Int) -> ClusterView {
        var view = ClusterView()
        for number in 0..<instances {
            let id = InstanceID("n\(number):Chat")
            view.addLocal(InstanceDescription(id: id, type: "Chat", queue: QueueName("\(id)#1")))
        }
        return view
    }
}
