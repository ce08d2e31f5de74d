public import NIOCore

/// The body of an envelope with its content type: what AMQP carries as `content_type` and body.
///
/// The wire has these two content types and no other (docs/wire.md#5-requests), so a `switch` may be exhaustive.
public enum Payload: Sendable, Hashable {
    /// `application/json`: an array of arguments, or a result.
    case json(ByteBuffer)
    /// `application/octet-stream`: bytes that arrive as they were sent.
    case bytes(ByteBuffer)

    /// The bytes, whatever they are.
    public var buffer: ByteBuffer {
        switch self {
        case .json(let buffer), .bytes(let buffer): buffer
        }
    }
}
