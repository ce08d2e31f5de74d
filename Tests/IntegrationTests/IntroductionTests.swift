import MqantAMQPURI
import MqantRPC
import MqantRPCRabbitMQ
import MqantRabbitMQ
import MqantRabbitMQTestSupport
import NIOCore
import Synchronization
import Testing

/// Whoever gets a request of a node that is back knows that it is back: it may have to call the caller's sessions.
@Suite(.timeLimit(.minutes(2)))
struct IntroductionTests {
    /// One queue is the callee's and gets all announcements: what is first there came first.
    @Test func aNodeThatIsBackIsHeardBeforeItsFirstRequest() async throws {
        let broker = try await SharedBroker.get()
        let network = RabbitMQNetwork(broker: broker)
        let proxy = try await TCPProxy.start(to: broker.port)
        let caller = try TestNode("a", on: network) { configuration in
            guard var uri = configuration.connection.uris.first else { return }
            uri.port = UInt16(clamping: proxy.port)
            configuration.connection.uris = [uri]
        }
        try await caller.node.start()
        let callee = try await RawClient.connect(to: network)
        try await callee.channel.bind(
            QueueBinding(queue: callee.queue, exchange: "\(network.name).nodes", routingKey: ""))
        let instance = #"{"id":"b:Work","queue":"\#(callee.queue)","type":"Work"}"#
        try callee.publish(
            #"{"instances":[\#(instance)],"node":"b","sequence":1,"version":2}"#, to: "",
            exchange: "\(network.name).nodes"
        ) { $0.type = "member" }
        try await caller.knows("b:Work")
        // Its first life may have been announced before the callee listened.
        try callee.publish("", to: "", exchange: "\(network.name).nodes") { $0.type = "who-are-you" }
        let first = caller.transport.replyQueue.rawValue
        try await eventually("the callee knows it") {
            callee.hasReceived {
                $0.properties.type == "member" && String(buffer: $0.body).contains(first)
            }
        }

        let isOver = Atomic<Bool>(false)
        async let calls: Void = {
            while !isOver.load(ordering: .relaxed), !Task.isCancelled {
                let request = RPCRequest(function: "double", payload: .json(ByteBuffer(string: "[1]")))
                caller.node.call(.instance("b:Work"), request, timeout: .seconds(20)) { _ in }
                // Others' turn: calls come at any time, and this is no load test.
                try? await Task.sleep(for: .milliseconds(1))
            }
        }()
        var names: Set<String> = []
        for life in 1...6 {
            if life > 1 { proxy.cut() }
            try await eventually("it calls under a name of its own") {
                let name = caller.transport.replyQueue.rawValue
                guard !names.contains(name), callee.hasReceived({ $0.properties.replyTo == name }) else { return false }
                return names.insert(name).inserted
            }
        }
        isOver.store(true, ordering: .relaxed)
        await calls
        var introduced: Set<Substring> = []
        var callers: Set<String> = []
        for message in callee.replies {
            if message.properties.type == "member" {
                introduced.formUnion(String(buffer: message.body).split(separator: "\""))
            } else if let name = message.properties.replyTo, message.properties.type != nil,
                callers.insert(name).inserted
            {
                #expect(introduced.contains(Substring(name)))
            }
        }
        #expect(callers == names)
        await caller.shutDown()
        await callee.connection.close()
        await proxy.close()
    }
}
