import FoundationEssentials
import NIOCore
import NIOFoundationEssentialsCompat

/// Arguments and results as JSON: an array of arguments, one result.
package enum ArgumentCoding {
    /// What a function without a result answers.
    package static let null = Payload.json(ByteBuffer(string: "null"))

    private static let decoder = JSONDecoder()
    private static let encoder: JSONEncoder = {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes]
        return encoder
    }()

    /// Reads a request's arguments.
    /// - Throws: `RPCError` `invalidArguments` if they are not an array of exactly these types.
    package static func decode<each Argument: Decodable>(
        _ types: (repeat (each Argument).Type), from request: RPCRequest
    ) throws(RPCError) -> (repeat each Argument) {
        guard case .json(let body) = request.payload else {
            throw RPCError(.invalidArguments, "\(request.function) takes JSON, not bytes")
        }
        let values = IndexDecoding.decode(body) { decoding in
            var list = try IndexUnkeyedContainer(decoding: decoding, array: 0)
            // Swift 6.3 crashes on `repeat try list.decode(…)` itself, and is happy with a local function.
            func next<Value: Decodable>(_ type: Value.Type) throws -> Value { try list.decode(type) }
            let values = try (repeat next((each Argument).self))
            guard list.isAtEnd else { throw decoding.giveUp() }
            return values
        }
        if let values { return values }
        do {
            return try decoder.decode(ArgumentList<repeat each Argument>.self, from: body).values
        } catch {
            throw RPCError(
                .invalidArguments, "\(request.function): \(DecodingFault.text(of: error))", underlyingError: error)
        }
    }

    /// Reads the arguments of a function that takes a session besides. A client cannot send none: where the function
    /// takes none, any will do.
    package static func decode<each Argument: Decodable>(
        besideSession types: (repeat (each Argument).Type), from request: RPCRequest
    ) throws(RPCError) -> (repeat each Argument) {
        var count = 0
        for _ in repeat (each Argument).self { count += 1 }
        guard count == 0 else { return try decode((repeat each types), from: request) }
        return try decode((repeat each types), from: RPCRequest(function: request.function, payload: noArguments))
    }

    private static let noArguments = Payload.json(ByteBuffer(string: "[]"))

    /// Writes arguments as a JSON array.
    package static func encode<each Argument: Encodable>(arguments: repeat each Argument) throws(RPCError) -> Payload {
        var body = ByteBuffer()
        body.writeInteger(UInt8(ascii: "["))
        do {
            for argument in repeat each arguments {
                if body.writerIndex > 1 { body.writeInteger(UInt8(ascii: ",")) }
                try write(argument, to: &body)
            }
        } catch {
            throw RPCError(
                .invalidArguments, "cannot encode an argument: \(error)", outcome: .notDelivered,
                underlyingError: error)
        }
        body.writeInteger(UInt8(ascii: "]"))
        return .json(body)
    }

    /// Writes a result.
    package static func encode<Value: Encodable>(result: Value) throws(RPCError) -> Payload {
        var body = ByteBuffer()
        do {
            try write(result, to: &body)
        } catch {
            throw RPCError(.invalidResult, "cannot encode the result: \(error)", underlyingError: error)
        }
        return .json(body)
    }

    /// Reads a result.
    /// - Throws: `RPCError` `invalidResult` if it is not of this type.
    package static func decode<Value: Decodable>(result type: Value.Type, from payload: Payload) throws(RPCError)
        -> Value
    {
        guard case .json(let body) = payload else { throw RPCError(.invalidResult, "the result is bytes, not JSON") }
        if let value = IndexDecoding.decode(body, { try $0.decode(type, at: 0) }) { return value }
        do {
            return try decoder.decode(type, from: body)
        } catch {
            throw RPCError(.invalidResult, DecodingFault.text(of: error), underlyingError: error)
        }
    }

    private static func write(_ value: some Encodable, to body: inout ByteBuffer) throws {
        if !StreamEncoding.write(value, to: &body) { body.writeBytes(try encoder.encode(value)) }
    }
}

/// The arguments of a call, read from a JSON array with nothing left over.
private struct ArgumentList<each Argument: Decodable>: Decodable {
    let values: (repeat each Argument)

    init(from decoder: any Decoder) throws {
        var container = try decoder.unkeyedContainer()
        // Swift 6.3 crashes on `repeat try container.decode(…)` itself, and is happy with a local function.
        func next<Value: Decodable>(_ type: Value.Type) throws -> Value { try container.decode(type) }
        let values = try (repeat next((each Argument).self))
        guard container.isAtEnd else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "too many arguments")
        }
        self.values = values
    }
}
