import BenchSupport
import Glibc
import Logging
import NIOCore
import NIOPosix
import RPC
import RPCRabbitMQ
import RabbitMQ
import Synchronization

/// RPC from one process to another through RabbitMQ, as `amqprpc` measures it: 200-byte requests, 80-byte replies.
///
///     RPCBench serve URI [nonblocking]
///     RPCBench call URI SECONDS W[,W…] [tasks] [watch=PID,PID]
///     RPCBench rebind URI GROUPS [restart]

let arguments = CommandLine.arguments
guard arguments.count >= 3 else {
    print(
        """
        usage: RPCBench serve URI [nonblocking]
               RPCBench call URI SECONDS W[,W…] [tasks] [watch=PID,PID]
               RPCBench rebind URI GROUPS [restart]
        """)
    exit(2)
}
let isServer = arguments[1] != "call"
var settings = RabbitMQTransport.Configuration(connection: try Connection.Configuration(uris: [arguments[2]]))
settings.exchange = "rpcbench"
settings.pushTimeout = .seconds(60)
settings.queuePrefix = "rpcbench."
var logger = Logger(label: "bench")
logger.logLevel = .warning
let transport = RabbitMQTransport(node: isServer ? "server" : "client", configuration: settings, logger: logger)
var nodeConfiguration = RPCNode.Configuration()
nodeConfiguration.announcementInterval = .seconds(1)
let node = RPCNode(
    id: transport.node, transport: transport, configuration: nodeConfiguration,
    eventLoop: MultiThreadedEventLoopGroup.singleton.next(), logger: logger)
try await node.start()

if isServer {
    let server = RPCServer(type: "Echo", instance: "bench:Echo", node: node, logger: logger)
    let answer = Payload.bytes(ByteBuffer(repeating: 7, count: 80))
    let isNonblocking = arguments.contains("nonblocking")
    server.registerRaw("echo", options: isNonblocking ? .concurrent.nonblocking : .concurrent) { _ in answer }
    try await node.serve(server)
    if arguments[1] == "rebind" {
        let groups = arguments.count > 3 ? Int(arguments[3]) ?? 5000 : 5000
        let isRestart = arguments.contains("restart")
        try await Rebinding(node: node, transport: transport, groups: groups, isRestart: isRestart).run()
    } else {
        print("serving")
        fflush(nil)
        // Until standard input ends.
        while readLine() != nil {}
    }
    await node.shutdown()
} else {
    while !node.hasInstance(of: "Echo") { try await Task.sleep(for: .milliseconds(10)) }
    let seconds = Double(arguments[3]) ?? 3
    for window in arguments[4].split(separator: ",").compactMap({ Int($0) }) {
        let measurement = Measurement(node: node, window: window, seconds: seconds)
        print(try await measurement.run(inTasks: arguments.contains("tasks"), watched: CPUTime.watched(in: arguments)))
    }
    print("messages \(transport.statistics.messages) envelopes \(transport.statistics.envelopes)")
    await node.shutdown()
}
