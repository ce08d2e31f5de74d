import Mqant
import NIOCore

/// What a client gets for a request that wants a reply: `{"Error":"","Result":…}`. It is written where it leaves from,
/// so its size is known before.
enum ClientReply {
    case result(ByteBuffer)
    case error(String)

    private static let resultHead: StaticString = #"{"Error":"","Result":"#
    private static let errorHead: StaticString = #"{"Error":"#
    private static let errorTail: StaticString = #","Result":null}"#

    init(_ reply: RPCReply) {
        self =
            switch reply {
            case .success(.json(let result)): .result(result)
            case .success(.bytes): .error("the result is not JSON")
            case .failure(let error): .error(error.message)
            }
    }

    /// The bytes that `write` writes.
    var size: Int {
        switch self {
        case .result(let result): Self.resultHead.utf8CodeUnitCount + result.readableBytes + 1
        case .error(let message):
            Self.errorHead.utf8CodeUnitCount + JSONText.writtenSize(of: message) + Self.errorTail.utf8CodeUnitCount
        }
    }

    func write(to buffer: inout ByteBuffer) {
        switch self {
        case .result(let result):
            buffer.writeStaticString(Self.resultHead)
            buffer.writeImmutableBuffer(result)
            buffer.writeInteger(UInt8(ascii: "}"))
        case .error(let message):
            buffer.writeStaticString(Self.errorHead)
            JSONText.write(message, to: &buffer)
            buffer.writeStaticString(Self.errorTail)
        }
    }
}
