/// What an instance serves: its functions and the numbers that it reports, each under a name of its own. A pure value.
struct FunctionTable {
    /// A function as it was registered.
    struct Function: Sendable {
        var body: Body
        var options: FunctionOptions
        var place: Place
    }

    enum Body: Sendable {
        /// Needs a task only for what is left behind `Progress.awaits`.
        case direct(@Sendable (RPCRequest) -> Progress)
        case asynchronous(@Sendable (RPCRequest) async -> RPCReply)
    }

    /// How far a function came without a task.
    enum Progress: Sendable {
        case ended(RPCReply)
        /// This is left to be done.
        case awaits(@Sendable () async -> RPCReply)
    }

    /// Where a function begins to run.
    enum Place: Sendable {
        /// On the thread that delivers the call.
        case deliveringThread
        /// On one of the threads of Swift's pool.
        case pool
        /// On a thread that it may block.
        case blockingThread
    }

    typealias Gauge = @Sendable () -> Int

    private let type: ModuleType
    private var functions: [TextKey: Function] = [:]
    private var gauges: [TextKey: Gauge] = [:]

    init(type: ModuleType) { self.type = type }

    subscript(name: String) -> Function? { functions[TextKey(name)] }

    /// The names of all functions, sorted.
    var names: [String] { functions.keys.sorted().map(\.rawValue) }

    /// The names of the functions that may be called again when a call was interrupted, sorted.
    var idempotentNames: [String] { functions.filter(\.value.options.isIdempotent).keys.sorted().map(\.rawValue) }

    /// The numbers by name.
    var allGauges: [String: Gauge] {
        Dictionary(gauges.map { ($0.rawValue, $1) }, uniquingKeysWith: { first, _ in first })
    }

    /// Adds a function.
    /// - Throws: `RegistrationError` if there is one of this name.
    mutating func add(_ function: Function, named name: String) throws(RegistrationError) {
        let key = TextKey(name)
        guard functions[key] == nil else { throw .taken(name, of: "function", for: type) }
        functions[key] = function
    }

    /// Adds a number.
    /// - Throws: `RegistrationError` if there is one of this name.
    mutating func add(_ gauge: @escaping Gauge, named name: String) throws(RegistrationError) {
        let key = TextKey(name)
        guard gauges[key] == nil else { throw .taken(name, of: "number", for: type) }
        gauges[key] = gauge
    }
}

extension FunctionTable.Function {
    /// A function that awaits.
    init(_ options: FunctionOptions, asynchronous body: @escaping @Sendable (RPCRequest) async throws -> Payload) {
        self.init(
            body: .asynchronous { request in
                do { return .success(try await body(request)) } catch { return .failure(RPCError(answering: error)) }
            },
            options: options, place: options.isNonblocking ? .deliveringThread : .pool)
    }

    /// A function that does not await.
    /// - Parameter mayBlock: it runs on a thread of its own, whatever the options say.
    init(
        _ options: FunctionOptions, mayBlock: Bool = false,
        synchronous body: @escaping @Sendable (RPCRequest) throws -> Payload
    ) {
        self.init(
            body: .direct { request in
                do { return .ended(.success(try body(request))) } catch {
                    return .ended(.failure(RPCError(answering: error)))
                }
            },
            options: options,
            place: mayBlock ? .blockingThread : options.isNonblocking ? .deliveringThread : .pool)
    }

    /// A function that may await.
    init(_ options: FunctionOptions, answering body: @escaping @Sendable (RPCRequest) throws -> Answer<Payload>) {
        self.init(
            body: .direct { request in
                do {
                    switch try body(request).kind {
                    case .now(let payload): return .ended(.success(payload))
                    case .later(let work):
                        return .awaits {
                            do { return .success(try await work()) } catch {
                                return .failure(RPCError(answering: error))
                            }
                        }
                    }
                } catch {
                    return .ended(.failure(RPCError(answering: error)))
                }
            },
            options: options, place: options.isNonblocking ? .deliveringThread : .pool)
    }
}
