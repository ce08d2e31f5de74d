import Glibc
import MqantBenchSupport
import MqantRPC
import MqantRPCRabbitMQ
import NIOCore

/// RPC from one process to another through RabbitMQ, as `raw/rawrpc.c` measures it: 200-byte requests, 80-byte replies.
///
///     RPCBench serve URI [nonblocking]
///     RPCBench call URI SECONDS W[,W…] [tasks] [watch=PID,PID]
///     RPCBench recover URI GROUPS [restart]

let arguments = CommandLine.arguments
guard arguments.count >= 3 else {
    print(
        """
        usage: RPCBench serve URI [nonblocking]
               RPCBench call URI SECONDS W[,W…] [tasks] [watch=PID,PID]
               RPCBench recover URI GROUPS [restart]
        """)
    exit(2)
}
let uri = arguments[2]
switch arguments[1] {
case "serve":
    let server = try await BenchNode("server", at: uri)
    let answer = Payload.bytes(ByteBuffer(repeating: 7, count: 80))
    let isNonblocking = arguments.contains("nonblocking")
    try await server.serve("Echo") { server in
        try server.registerRaw("echo", options: isNonblocking ? .concurrent.nonblocking : .concurrent) { _ in answer }
    }
    print("serving")
    fflush(nil)
    // Until standard input ends.
    while readLine() != nil {}
    await server.node.shutdown()
case "recover":
    let (owner, gate) = (try await BenchNode("owner", at: uri), try await BenchNode("gate", at: uri))
    let groups = arguments.count > 3 ? Int(arguments[3]) ?? 5000 : 5000
    try await Recovery(owner: owner, gate: gate, groups: groups, isRestart: arguments.contains("restart")).run()
    for node in [owner, gate] { await node.node.shutdown() }
default:
    let client = try await BenchNode("client", at: uri)
    while !client.node.hasInstance(of: "Echo") { try await Task.sleep(for: .milliseconds(10)) }
    let seconds = Double(arguments[3]) ?? 3
    for window in arguments[4].split(separator: ",").compactMap({ Int($0) }) {
        let measurement = Measurement(node: client.node, window: window, seconds: seconds)
        print(try await measurement.run(inTasks: arguments.contains("tasks"), watched: CPUTime.watched(in: arguments)))
    }
    let statistics = client.transport.statistics
    print("messages \(statistics.messages) envelopes \(statistics.envelopes)")
    await client.node.shutdown()
}
