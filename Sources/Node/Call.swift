import ArgumentParser
import FoundationEssentials
import Glibc
import Mqant
import NIOCore
import NIOFoundationEssentialsCompat
import RPC

/// `mqantserver call`: calls any function through the broker.
struct Call: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Call a function through the broker, and print its result.",
        discussion: """
            An error goes to standard error, and the status tells its kind: 1 configuration or broker, 3 no such \
            instance, 4 no such function, 5 arguments that do not fit, 6 the handler's own error, 7 no answer in time, \
            8 overloaded, 9 the callee is gone, 10 the connection was lost, 11 anything else.
            """)

    @OptionGroup var options: ConfigurationOptions

    @Option(help: "The instance; by default any of the type.")
    var id: String?

    @Option(help: "Seconds to wait for the answer.")
    var timeout = 10.0

    @Argument(help: "The module type.")
    var type: String

    @Argument(help: "The function.")
    var function: String

    @Argument(help: "The arguments, each as JSON.")
    var arguments: [String] = []

    func validate() throws {
        guard timeout > 0, timeout <= 86_400 else { throw ValidationError("--timeout takes 0 to 86400 seconds") }
        for argument in arguments where (try? JSONDecoder().decode(AnyJSON.self, from: Data(argument.utf8))) == nil {
            throw ValidationError("'\(argument)' is not JSON; a text needs quotation marks of its own: '\"text\"'")
        }
    }

    func run() async throws {
        let request = RPCRequest(
            function: function, payload: .json(ByteBuffer(string: "[\(arguments.joined(separator: ","))]")))
        let endpoint: Endpoint = id.map { .instance(InstanceID($0)) } ?? .any(ModuleType(type))
        try await Visitor.visit(options) { visitor in
            try await visitor.discover { view in
                id.map { view.candidate(InstanceID($0)) != nil } ?? !view.candidates(of: ModuleType(type)).isEmpty
            }
            do throws(RPCError) {
                let payload = try await visitor.node.call(
                    endpoint, request, timeout: .nanoseconds(Int64(timeout * 1e9)))
                Self.write(payload)
            } catch {
                complain("\(error)")
                throw ExitCode(error.code.exitStatus)
            }
        }
    }

    private static func write(_ payload: Payload) {
        var buffer = payload.buffer
        if case .json = payload { buffer.writeString("\n") }
        buffer.withUnsafeReadableBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                let written = Glibc.write(STDOUT_FILENO, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                guard written > 0 else { return }
                rest = rest.dropFirst(written)
            }
        }
    }
}

/// Any JSON: decoding it is the check.
private struct AnyJSON: Decodable {
    init(from decoder: any Decoder) throws {}
}

extension RPCError.Code {
    /// The status of `mqantserver call`.
    var exitStatus: Int32 {
        switch self {
        case .notFound: 3
        case .functionNotFound: 4
        case .invalidArguments: 5
        case .remote: 6
        case .timeout: 7
        case .overloaded: 8
        case .interrupted: 9
        case .disconnected: 10
        default: 11
        }
    }
}
