import ArgumentParser
import Mqant
import MqantRPC
import NIOCore

/// `mqantserver call`: calls any function through the broker.
struct Call<Definition: ServerCommand>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "call",
            abstract: "Call a function through the broker, and print its result.",
            discussion: """
                An error goes to standard error, and the status tells its kind: 1 configuration or broker, 3 no such \
                instance, 4 no such function, 5 arguments that do not fit, 6 the handler's own error, 7 no answer in time, \
                8 overloaded, 9 the callee is gone, 10 the connection was lost, 11 anything else, also a result that cannot \
                be printed, 64 a wrong command line.
                """)
    }

    @OptionGroup var options: ConfigurationOptions

    @Option(help: "The instance; by default any of the type.")
    var id: String?

    @Option(help: "Seconds to wait for the answer.")
    var timeout = 10.0

    @Argument(help: "The module type.")
    var type: String

    @Argument(help: "The function.")
    var function: String

    // Numbers may be negative: what looks like an option and is none is an argument.
    @Argument(parsing: .allUnrecognized, help: "The arguments, each as JSON.")
    var arguments: [String] = []

    mutating func validate() throws {
        guard timeout > 0, timeout <= 86_400 else {
            throw ValidationError("--timeout takes more than 0 and at most 86400 seconds")
        }
        // It ends the options, and comes as an argument.
        if let end = arguments.firstIndex(of: "--") { arguments.remove(at: end) }
        for argument in arguments where !JSONScanner.isValid(ByteBuffer(string: argument)) {
            guard !argument.hasPrefix("-") else { throw ValidationError("Unknown option '\(argument)'") }
            throw ValidationError("'\(argument)' is not JSON; a text needs quotation marks of its own: '\"text\"'")
        }
    }

    func run() async throws {
        let request = RPCRequest(
            function: function, payload: .json(ByteBuffer(string: "[\(arguments.joined(separator: ","))]")))
        let endpoint: Endpoint = id.map { .instance(InstanceID($0)) } ?? .any(ModuleType(type))
        try await Visitor.visit(Definition.program, options) { visitor in
            try await visitor.discover { view in
                id.map { view.candidate(InstanceID($0)) != nil } ?? !view.candidates(of: ModuleType(type)).isEmpty
            }
            let payload: Payload
            do throws(RPCError) {
                if let id { try checkType(of: InstanceID(id), visitor.node.view) }
                payload = try await visitor.node.call(endpoint, request, timeout: .nanoseconds(Int64(timeout * 1e9)))
            } catch {
                complain(TerminalText.line("\(error)"))
                throw ExitCode(error.code.exitStatus)
            }
            try Self.write(payload)
        }
    }

    /// An Id belongs to one type: who names another takes one instance for the other.
    private func checkType(of id: InstanceID, _ view: ClusterView) throws(RPCError) {
        guard let found = view.candidate(id)?.instance.type, found != ModuleType(type) else { return }
        throw RPCError(.notFound, "\(id) is a \(found), not a \(type)", outcome: .notDelivered)
    }

    private static func write(_ payload: Payload) throws {
        switch payload {
        case .json(let buffer): try StandardStreams.print(TerminalText.json(String(buffer: buffer)), failure: 11)
        case .bytes(let buffer): try buffer.withUnsafeReadableBytes { try StandardStreams.write($0, failure: 11) }
        }
    }
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
