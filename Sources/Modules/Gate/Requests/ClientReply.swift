import Mqant
import NIOCore

/// What a client gets for a request that wants a reply: `{"Error":"","Result":…}`.
enum ClientReply {
    static func payload(of reply: RPCReply) -> ByteBuffer {
        switch reply {
        case .success(.json(let result)):
            var payload = ByteBufferAllocator().buffer(capacity: result.readableBytes + 32)
            payload.writeStaticString(#"{"Error":"","Result":"#)
            payload.writeImmutableBuffer(result)
            payload.writeInteger(UInt8(ascii: "}"))
            return payload
        case .success(.bytes):
            return payload(ofError: "the result is not JSON")
        case .failure(let error):
            return payload(ofError: error.message)
        }
    }

    static func payload(ofError message: String) -> ByteBuffer {
        var payload = ByteBufferAllocator().buffer(capacity: message.utf8.count + 32)
        payload.writeStaticString(#"{"Error":"#)
        JSONText.write(message, to: &payload)
        payload.writeStaticString(#","Result":null}"#)
        return payload
    }
}
