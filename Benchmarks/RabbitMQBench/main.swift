import MqantBenchSupport
import MqantRabbitMQ
import NIOCore

/// Ping-pong RPC through RabbitMQ with this project's `RabbitMQ` target, to be run by turns with `raw/rawrpc.c`.
///
///     RabbitMQBench serve URI QUEUE
///     RabbitMQBench call URI QUEUE SECONDS W[,W…] [watch=PID,PID]
///     RabbitMQBench publish URI SECONDS BYTES
///
/// `serve` echoes; `call` keeps W requests outstanding and prints a line per W.
let arguments = CommandLine.arguments
switch arguments.dropFirst().first {
case "serve" where arguments.count == 4:
    try await EchoServer(uri: arguments[2], queue: arguments[3]).run()
case "call" where arguments.count >= 6:
    let windows = arguments[5].split(separator: ",").compactMap { Int($0) }
    let seconds = Double(arguments[4]) ?? 3
    let caller = try await Caller.connect(uri: arguments[2], queue: arguments[3])
    for window in windows {
        if let result = try await caller.measure(
            window: window, seconds: seconds, watched: CPUTime.watched(in: arguments))
        {
            print(result)
        }
    }
    await caller.close()
case "publish" where arguments.count == 5:
    let rate = PublishRate(uri: arguments[2])
    print(try await rate.measure(seconds: Double(arguments[3]) ?? 3, size: Int(arguments[4]) ?? 200))
default:
    print(
        """
        usage: RabbitMQBench serve URI QUEUE
               RabbitMQBench call URI QUEUE SECONDS W[,W…] [watch=PID,PID]
               RabbitMQBench publish URI SECONDS BYTES
        """)
}
